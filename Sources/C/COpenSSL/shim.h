// OpenSSL 3 of the system.
#pragma once
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "peer.h"

// Both libraries are started as their manual recommends, with openssl.cnf, whose policy of the machine counts here too.
// Only the handler at exit is left out: worker threads may still be inside the library then.
static inline int co_initialize(void) {
    uint64_t options = OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT;
    return OPENSSL_init_crypto(options, NULL) && OPENSSL_init_ssl(options, NULL);
}

// Every call on a session starts from an empty error queue and errno, because SSL_get_error looks at
// both, and the queue is one per thread: what another session left there would be taken for ours.
static inline void co_clear_errors(void) {
    ERR_clear_error();
    errno = 0;
}
static inline int co_errno(void) { return errno; }

// What both sides of a connection want. Options and modes are function-like macros.
static inline void co_configure(SSL_CTX *context) {
    // An idle session keeps no record buffers; a write may be partial and repeated from a copy.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE
        | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // Renegotiation lets a client make the server work for nothing; compression leaks (CRIME).
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}
static inline int co_set_minimum_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_min_proto_version(context, version);
}
// Of openssl.cnf; 0 where it says nothing.
static inline int co_minimum_version(SSL_CTX *context) {
    return (int)SSL_CTX_get_min_proto_version(context);
}
static inline int co_maximum_version(SSL_CTX *context) {
    return (int)SSL_CTX_get_max_proto_version(context);
}
static inline int co_set_maximum_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_max_proto_version(context, version);
}
static inline int co_add1_chain_certificate(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(context, certificate);
}
static inline int co_has_extended_master_secret(SSL *session) {
    return (int)SSL_get_extms_support(session);
}
static inline int co_set_server_name(SSL *session, const char *name) {
    return (int)SSL_set_tlsext_host_name(session, name);
}

// The length of a session's encoding, and the encoding itself where there is room for it.
static inline int co_encode_session(SSL_SESSION *session, unsigned char *output) {
    return i2d_SSL_SESSION(session, output ? &output : NULL);
}
static inline SSL_SESSION *co_decode_session(const unsigned char *bytes, long count) {
    return d2i_SSL_SESSION(NULL, &bytes, count);
}

static inline EVP_PKEY *co_generate_p256(void) { return EVP_EC_gen("P-256"); }
static inline int co_add_extension(X509 *certificate, int identifier, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, identifier, value);
    if (!extension) return 0;
    int added = X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return added;
}
// Unix time in seconds; INT64_MIN where the certificate's date cannot be read.
static inline int64_t co_not_after(const X509 *certificate) {
    struct tm time;
    if (!ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time)) return INT64_MIN;
    return timegm(&time);
}
