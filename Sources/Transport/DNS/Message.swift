internal import CLDNS

/// A message from a server, as ldns reads it.
struct Message {
  var code: Int
  /// Whether the server says that DNSSEC proves the answer (RFC 4035 §3.2.3).
  var isAuthenticated: Bool
  /// Whether the server understands EDNS: it answers so only where it was asked so (RFC 6891 §6.1.1).
  var hasExtension: Bool
  /// The question it answers; nil if it repeats none, or several.
  var question: Question?
  var questionCount: Int
  var answer: [ResourceRecord]
  var authority: [ResourceRecord]

  /// Reads a whole message; nil if it is malformed anywhere.
  init?(_ bytes: [UInt8]) {
    var packet: UnsafeMutablePointer<ldns_pkt>?
    guard unsafe ldns_wire2pkt(&packet, bytes, bytes.count) == LDNS_STATUS_OK,
      let packet = unsafe packet
    else { return nil }
    defer { unsafe ldns_pkt_free(packet) }
    let highBits = unsafe Int(ldns_pkt_edns_extended_rcode(packet))
    code = unsafe Int(ldns_pkt_get_rcode(packet).rawValue) | highBits << 4
    isAuthenticated = unsafe ldns_pkt_ad(packet)
    hasExtension = unsafe ldns_pkt_edns(packet)
    let questions = unsafe Self.records(in: ldns_pkt_question(packet))
    questionCount = questions.count
    if questions.count == 1, let name = questions[0].owner,
      let type = RecordType(rawValue: questions[0].type)
    {
      question = Question(name: name, type: type)
    }
    answer = unsafe Self.records(in: ldns_pkt_answer(packet))
    authority = unsafe Self.records(in: ldns_pkt_authority(packet))
  }

  /// The records of class IN in a section.
  private static func records(in list: UnsafeMutablePointer<ldns_rr_list>?) -> [ResourceRecord] {
    var records: [ResourceRecord] = []
    for index in 0..<(unsafe ldns_rr_list_rr_count(list)) {
      guard let record = unsafe ldns_rr_list_rr(list, index),
        unsafe ldns_rr_get_class(record) == LDNS_RR_CLASS_IN
      else { continue }
      let timeToLive = unsafe ldns_rr_ttl(record)
      records.append(
        ResourceRecord(
          owner: unsafe DomainName(wire: data(of: ldns_rr_owner(record))),
          type: unsafe UInt16(truncatingIfNeeded: ldns_rr_get_type(record).rawValue),
          timeToLive: timeToLive > UInt32(Int32.max) ? 0 : timeToLive,
          fields: (0..<(unsafe ldns_rr_rd_count(record))).map {
            unsafe data(of: ldns_rr_rdf(record, $0))
          }))
    }
    return records
  }

  private static func data(of field: UnsafeMutablePointer<ldns_rdf>?) -> [UInt8] {
    guard let field = unsafe field, let start = unsafe ldns_rdf_data(field) else { return [] }
    return unsafe Array(UnsafeBufferPointer(start: start, count: ldns_rdf_size(field)))
  }
}
