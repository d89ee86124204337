// What a client looks at in the server it talks to.
#pragma once
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

// How many certificates the server has sent, its own first; they are there too where they were not believed.
static inline int co_sent_count(const SSL *session) {
    STACK_OF(X509) *sent = SSL_get_peer_cert_chain(session);
    return sent ? sk_X509_num(sent) : 0;
}
static inline X509 *co_sent_certificate(const SSL *session, int place) {
    return sk_X509_value(SSL_get_peer_cert_chain(session), place);
}

// Copies the alternative name with that number, counted from 0: a DNS name, or the octets of an address.
// Returns how many octets it has; 0 for a name of another kind or a longer one, -1 after the last.
static inline int co_alternative_name(const X509 *certificate, int number, unsigned char *output, int capacity,
    int *is_address) {
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int count = -1;
    if (number < sk_GENERAL_NAME_num(names)) {
        GENERAL_NAME *name = sk_GENERAL_NAME_value(names, number);
        const ASN1_STRING *text = NULL;
        if (name->type == GEN_DNS) text = name->d.dNSName;
        if (name->type == GEN_IPADD) text = name->d.iPAddress;
        *is_address = name->type == GEN_IPADD;
        count = text && ASN1_STRING_length(text) <= capacity ? ASN1_STRING_length(text) : 0;
        if (count > 0) memcpy(output, ASN1_STRING_get0_data(text), count);
    }
    GENERAL_NAMES_free(names);
    return count;
}

// Copies the common name of the issuer or the subject, and where there is none the organization.
// Returns how many octets it has; -1 where there is neither.
static inline int co_common_name(const X509 *certificate, int of_issuer, char *output, int capacity) {
    X509_NAME *name = of_issuer ? X509_get_issuer_name(certificate) : X509_get_subject_name(certificate);
    int count = X509_NAME_get_text_by_NID(name, NID_commonName, output, capacity);
    return count < 0 ? X509_NAME_get_text_by_NID(name, NID_organizationName, output, capacity) : count;
}

// Notes on a session that the server asks for a certificate, which no client of ours has.
static inline int co_note_request(SSL *session, X509 **certificate, EVP_PKEY **key) {
    SSL_set_app_data(session, session);
    return 0;
}
static inline void co_note_requests(SSL_CTX *context) { SSL_CTX_set_client_cert_cb(context, co_note_request); }
static inline int co_was_asked(const SSL *session) { return SSL_get_app_data(session) != NULL; }

static inline void co_allow_legacy_servers(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_LEGACY_SERVER_CONNECT);
}
// Leaves out the groups of hybrid key exchange, whose shares have more than 1,000 octets.
static inline int co_leave_out_large_groups(SSL_CTX *context) {
    return SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384:P-521")
        || SSL_CTX_set1_groups_list(context, "P-256:P-384:P-521");
}
// Octets that have gone each way, those of the handshake included.
static inline uint64_t co_octets_sent(const SSL *session) { return BIO_number_written(SSL_get_wbio(session)); }
static inline uint64_t co_octets_received(const SSL *session) { return BIO_number_read(SSL_get_rbio(session)); }
