# Warnings and hardening as one interface target every room links.
add_library(syncguard_flags INTERFACE)
target_compile_definitions(syncguard_flags INTERFACE _GNU_SOURCE)
target_compile_options(syncguard_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wundef -Wformat=2 -Wconversion
  -Wno-sign-conversion -Wimplicit-fallthrough -fno-common -fstack-protector-strong)

if(SYNCGUARD_SANITIZE)
  target_compile_options(syncguard_flags INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(syncguard_flags INTERFACE -fsanitize=address,undefined)
endif()
if(SYNCGUARD_TSAN)
  target_compile_options(syncguard_flags INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(syncguard_flags INTERFACE -fsanitize=thread)
endif()
if(SYNCGUARD_FUZZ)
  target_compile_options(syncguard_flags INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(syncguard_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(SYNCGUARD_COVERAGE)
  target_compile_options(syncguard_flags INTERFACE -fprofile-instr-generate -fcoverage-mapping)
  target_link_options(syncguard_flags INTERFACE -fprofile-instr-generate)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(syncguard_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
    -fstack-clash-protection -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)
  target_link_options(syncguard_flags INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
