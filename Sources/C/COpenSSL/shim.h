// OpenSSL 3 of the system.
#pragma once
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
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
// Neither gives tickets nor takes them; with no cache there is no other way to resume.
static inline void co_refuse_tickets(SSL *session) {
    SSL_set_options(session, SSL_OP_NO_TICKET);
    SSL_set_num_tickets(session, 0);
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
static inline int co_session_minimum(SSL *session) {
    return (int)SSL_get_min_proto_version(session);
}
// Whether the client has offered a cipher whose server proves itself like this (NID_auth_...).
static inline int co_client_wants(SSL *session, int authentication) {
    STACK_OF(SSL_CIPHER) *ciphers = SSL_get_client_ciphers(session);
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++)
        if (SSL_CIPHER_get_auth_nid(sk_SSL_CIPHER_value(ciphers, i)) == authentication) return 1;
    return 0;
}
// Whether the server has a certificate with such a key (EVP_PKEY_...). Of a session that has ended: its choice changes.
static inline int co_serves(SSL *session, int key) {
    for (long found = SSL_set_current_cert(session, SSL_CERT_SET_FIRST); found == 1;
        found = SSL_set_current_cert(session, SSL_CERT_SET_NEXT)) {
        X509 *certificate = SSL_get_certificate(session);
        if (certificate && EVP_PKEY_get_base_id(X509_get0_pubkey(certificate)) == key) return 1;
    }
    return 0;
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
static inline EVP_PKEY *co_generate_rsa2048(void) { return EVP_RSA_gen(2048); }
static inline void co_set_automatic_dh(SSL_CTX *context) { SSL_CTX_set_dh_auto(context, 1); }
static inline void co_free(void *memory) { OPENSSL_free(memory); }

// An extension with a value as in a configuration of openssl(1). The issuer is the certificate itself where it signs
// itself.
static inline int co_add_extension(X509 *certificate, X509 *issuer, int identifier, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, identifier, value);
    if (!extension) return 0;
    int added = X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return added;
}
// Unix time in seconds; INT64_MIN where the date cannot be read.
static inline int64_t co_seconds(const ASN1_TIME *date) {
    struct tm time;
    if (!ASN1_TIME_to_tm(date, &time)) return INT64_MIN;
    return timegm(&time);
}
static inline void co_date(int64_t seconds, char *text, size_t size) {
    time_t time = (time_t)seconds;
    struct tm parts;
    if (!gmtime_r(&time, &parts) || !strftime(text, size, "%Y-%m-%d", &parts)) text[0] = 0;
}
static inline int64_t co_not_before(const X509 *certificate) {
    return co_seconds(X509_get0_notBefore(certificate));
}
static inline int64_t co_not_after(const X509 *certificate) {
    return co_seconds(X509_get0_notAfter(certificate));
}

// The DNS name with that number, counted from 0, for co_free; NULL after the last.
static inline char *co_dns_name(const X509 *certificate, int number) {
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    char *found = NULL;
    for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++) {
        GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS && number-- == 0) {
            const ASN1_STRING *text = name->d.dNSName;
            found = OPENSSL_strndup((const char *)ASN1_STRING_get0_data(text), ASN1_STRING_length(text));
        }
    }
    GENERAL_NAMES_free(names);
    return found;
}

static inline unsigned long co_name_flags(void) { return XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB; }

// Stands in for OpenSSL's default, which asks for a passphrase on the terminal and waits.
static inline int co_refuse_to_ask(char *buffer, int size, int writes, void *data) { return -1; }

// Follows a chain from a certificate through those in `text` to one that signs itself or whose issuer is in the store.
// Returns the last one whose issuer is nowhere, for X509_free; NULL where there is a root.
static inline X509 *co_last_without_issuer(X509 *certificate, BIO *text, X509_STORE *store) {
    STACK_OF(X509) *chain = sk_X509_new_null();
    X509_STORE_CTX *search = X509_STORE_CTX_new();
    X509 *current = certificate, *issuer = NULL;
    int has_root = !chain || !search || !X509_STORE_CTX_init(search, store, certificate, NULL);
    for (X509 *next; (next = PEM_read_bio_X509(text, NULL, co_refuse_to_ask, NULL));) sk_X509_push(chain, next);
    // A chain has fewer links than there are certificates; a circle ends too.
    for (int steps = sk_X509_num(chain) + 1; !has_root && steps > 0; steps--) {
        if (X509_check_issued(current, current) == X509_V_OK
            || X509_STORE_CTX_get1_issuer(&issuer, search, current) == 1) {
            has_root = 1;
            break;
        }
        X509 *next = NULL;
        for (int i = 0; !next && i < sk_X509_num(chain); i++) {
            X509 *link = sk_X509_value(chain, i);
            if (link != current && X509_check_issued(link, current) == X509_V_OK) next = link;
        }
        if (!next) break;
        current = next;
    }
    if (!has_root) X509_up_ref(current);
    X509_free(issuer);
    sk_X509_pop_free(chain, X509_free);
    X509_STORE_CTX_free(search);
    return has_root ? NULL : current;
}
