internal import CLDNS

/// A name and the kind of record wanted of it, class IN.
struct Question: Hashable, Sendable {
  let name: DomainName
  let type: RecordType

  /// The message that asks the question of a server that looks further by itself.
  ///
  /// It asks for the server's word on DNSSEC too (the AD bit, RFC 6840 §5.7). `allowsLongReply`
  /// offers to take more than 512 bytes in a datagram (RFC 6891 §6.2.3); servers that do not know of
  /// that answer FORMERR or NOTIMP, or nothing.
  func message(identifier: UInt16, allowsLongReply: Bool) -> [UInt8] {
    let text = name.text.isEmpty ? "." : name.text
    guard let owner = unsafe ldns_dname_new_frm_str(text) else {
      preconditionFailure("a valid name is no name for ldns")
    }
    // Takes the name over.
    let packet = unsafe ldns_pkt_query_new(
      owner, ldns_rr_type(UInt32(type.rawValue)), LDNS_RR_CLASS_IN, UInt16(LDNS_RD))
    guard let packet = unsafe packet else { preconditionFailure("out of memory") }
    defer { unsafe ldns_pkt_free(packet) }
    unsafe ldns_pkt_set_id(packet, identifier)
    unsafe ldns_pkt_set_ad(packet, true)
    if allowsLongReply {
      unsafe ldns_pkt_set_edns_udp_size(packet, UInt16(Limits.datagramBytes))
    }
    var bytes: UnsafeMutablePointer<UInt8>?
    var count = 0
    let status = unsafe ldns_pkt2wire(&bytes, packet, &count)
    defer { unsafe free(bytes) }
    precondition(status == LDNS_STATUS_OK, "a question cannot be written")
    return unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
  }
}
