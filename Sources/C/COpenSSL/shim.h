// OpenSSL 3 of the system.
#pragma once
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

// The options are macros with a cast to uint64_t, which are not imported into Swift.
// No error strings, no tables of names: the daemon needs none of them, and they cost memory.
static inline int co_initialize(void) {
    uint64_t lean = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS
        | OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS
        | OPENSSL_INIT_NO_ATEXIT;
    return OPENSSL_init_crypto(lean, NULL)
        && OPENSSL_init_ssl(lean | OPENSSL_INIT_NO_LOAD_SSL_STRINGS, NULL);
}
