// peer.go: the usual way to write such a webhook, for comparison: net/http and encoding/json.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"reflect"
	"runtime"
)

type object struct {
	Metadata  map[string]interface{} `json:"metadata"`
	Spec      map[string]interface{} `json:"spec"`
	Operation map[string]interface{} `json:"operation"`
	Status    map[string]interface{} `json:"status"`
}

type review struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Request    struct {
		UID       string  `json:"uid"`
		Object    *object `json:"object"`
		OldObject *object `json:"oldObject"`
	} `json:"request"`
}

func validate(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	var in review
	if err := json.Unmarshal(body, &in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	unchanged := in.Request.Object != nil && in.Request.OldObject != nil &&
		reflect.DeepEqual(in.Request.Object.Spec, in.Request.OldObject.Spec)
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":%q,"allowed":%t}}`,
		in.Request.UID, unchanged)
}

func main() {
	runtime.GOMAXPROCS(1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("{\"port\":%d}\n", listener.Addr().(*net.TCPAddr).Port)
	http.HandleFunc("/validate", validate)
	if err := http.ServeTLS(listener, nil, os.Args[1], os.Args[2]); err != nil {
		panic(err)
	}
}
