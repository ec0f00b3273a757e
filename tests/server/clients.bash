# clients.bash: certificates of clients for scripts of this suite, made by openssl where they are run.

# make_ca NAME SUBJECT
make_ca() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.crt" -days 20 \
    -subj "$2" -addext keyUsage=critical,keyCertSign 2>log || fail "$(cat log)"
}

# make_leaf NAME CA SUBJECT EXTENSIONS [FROM TO]: valid from yesterday for ten days, or as it says.
make_leaf() {
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "$3" \
    -utf8 -multivalue-rdn 2>log || fail "$(cat log)"
  printf '%b\n' "$4" >"$1.ext"
  : >"$1.index"
  printf '[ca]\ndatabase=%s.index\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\npolicy=any\n[any]\ncommonName=optional\norganizationName=optional\n' \
    "$1" >"$1.cnf"
  openssl ca -batch -notext -config "$1.cnf" -name ca -cert "$2.crt" -keyfile "$2.key" -in "$1.csr" \
    -extfile "$1.ext" -startdate "$(date -u -d "${5:-yesterday}" +%y%m%d%H%M%SZ)" \
    -enddate "$(date -u -d "${6:-10 days}" +%y%m%d%H%M%SZ)" -out "$1.crt" 2>log || fail "$(cat log)"
}
