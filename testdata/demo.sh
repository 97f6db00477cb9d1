#!/usr/bin/env bash
# Runs the jobs beside it with the program given, in a folder of its own, and checks the
# results with openssl. Usage: demo.sh /path/to/signet
set -euo pipefail
signet=$1
jobs=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export SIGNET_DB=$work/db/signet.db

step() { printf '\n== %s\n' "$*"; }
show() {
  local word
  printf '$ signet'
  for word; do case $word in *[\ \(\'\*]*) printf ' "%s"' "$word" ;; *) printf ' %s' "${word##*/testdata/}" ;; esac; done
  printf '\n'
  "$signet" "$@"
}
# warned runs a command that may end 4, a warning.
warned() { local rc=0; show "$@" || rc=$?; [ "$rc" -le 4 ] || exit "$rc"; }

step "The z/OS Connect job: a CA, a server certificate, a key ring"
show run "$jobs/zosconnect.jcl"
ls -l CERTAUTH.CERT ZCONN.CERT.P12DER
show racdcert "ID(OMVSADM) LISTRING(ZOSCONN-APIR-KEYRING)"
show racdcert "ID(OMVSADM) LIST(LABEL('ZOSCONNCERT'))"

step "openssl reads what it made"
openssl pkcs12 -in ZCONN.CERT.P12DER -passin pass:imsmobile -nodes -out package.pem
openssl x509 -in package.pem -out server.pem
openssl verify -CAfile CERTAUTH.CERT server.pem
openssl x509 -in server.pem -noout -subject -issuer -dates
grep -c 'BEGIN PRIVATE KEY' package.pem | sed 's/$/ private key in the package/'
grep -c 'BEGIN CERTIFICATE' package.pem | sed 's/$/ certificates in the package/'

step "The AT-TLS deck: a test CA, a server certificate, the server's ring"
warned run "$jobs/attls-ca.txt" "$jobs/attls-server.txt"
show run "$jobs/attls-ring.txt"

step "The same with an outside CA: a request, its answer, the ring unchanged"
show racdcert "ID(TCPCS) DELETE(LABEL('ABCTLS TCPSERV'))"
warned run "$jobs/attls-request.txt"
show racdcert "ID(TCPCS) CONNECT(LABEL('ABCTLS TCPSERV') RING(TLSRING) DEFAULT)"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout outside.key \
  -subj '/C=US/O=Outside/CN=Outside CA' -days 3650 -out outside.pem 2>/dev/null
openssl x509 -req -in USER1.PKITEST.SERVERS.REQ -CA outside.pem -CAkey outside.key -days 365 \
  -copy_extensions copy -out USER1.PKITEST.SERVERS.CRT
show add CERTAUTH/OUTSIDE outside.pem
show run "$jobs/attls-answer.txt"
show racdcert "ID(TCPCS) LISTRING(TLSRING)"
show list "TCPCS/ABCTLS TCPSERV"
show export "TCPCS/ABCTLS TCPSERV" -o answer.pem
openssl verify -CAfile outside.pem answer.pem

step "The ring as keystores: PKCS #12 for Java 8, JKS, a folder of PEM files"
echo demopass >keystore.password
with_password=(--to-password-file keystore.password)
show copy --ring OMVSADM/ZOSCONN-APIR-KEYRING --to pkcs12:ring.p12 --for java8 "${with_password[@]}"
show copy --ring OMVSADM/ZOSCONN-APIR-KEYRING --to jks:ring.jks "${with_password[@]}"
show copy --ring OMVSADM/ZOSCONN-APIR-KEYRING --to pem:tls
openssl pkcs12 -in ring.p12 -passin file:keystore.password -nokeys -legacy | grep -E 'friendlyName|subject'
openssl verify -CAfile CERTAUTH.CERT tls/ZOSCONNCERT.crt
show diff pkcs12:ring.p12 pem:tls --left-password-file keystore.password
warned resolve --as java jks:ring.jks --password-file keystore.password

step "Who may use the stack before its policy is there"
show run "$jobs/initstack.jcl"

printf '\nAll of it worked.\n'
