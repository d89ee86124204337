internal import Mail

/// The client's first message of SCRAM (`client-first-message`, RFC 5802 §7).
struct SCRAMClientFirst: Sendable {
  /// What the client says of channel binding (`gs2-cbind-flag`).
  enum Binding: Equatable, Sendable {
    /// `n`: it cannot bind.
    case unsupported
    /// `y`: it can, and believes that the server cannot.
    case notOffered
    /// `p=`: it binds to data of this kind.
    case bound(kind: String)
  }

  /// What it says of channel binding.
  let binding: Binding
  /// As whom it wants to act, if it says so.
  let authorizationIdentity: String?
  /// The user whose password it has.
  let user: String
  /// Its part of the nonce.
  let nonce: ArraySlice<UInt8>
  /// The beginning, which the next message repeats under the proof (`gs2-header`).
  let header: ArraySlice<UInt8>
  /// What follows, which the proof covers (`client-first-message-bare`).
  let bare: ArraySlice<UInt8>

  /// Reads a message; nil if it has another form, or a mandatory extension.
  init?(_ message: ArraySlice<UInt8>) {
    let pieces = SCRAMAttribute.pieces(of: message)
    guard pieces.count >= 4, let binding = Binding(pieces[0]),
      let user = SCRAMAttribute.value(of: "n", in: pieces[2]).flatMap(Self.name),
      let nonce = SCRAMAttribute.value(of: "r", in: pieces[3]),
      (1...Limits.nonceBytes).contains(nonce.count), nonce.allSatisfy(\.isVisible),
      pieces[4...].allSatisfy(SCRAMAttribute.isOptionalExtension)
    else { return nil }
    if pieces[1].isEmpty {
      authorizationIdentity = nil
    } else {
      guard let name = SCRAMAttribute.value(of: "a", in: pieces[1]).flatMap(Self.name) else {
        return nil
      }
      authorizationIdentity = name
    }
    self.binding = binding
    self.user = user
    self.nonce = nonce
    header = message[..<pieces[2].startIndex]
    bare = message[pieces[2].startIndex...]
  }

  /// A name in which `=2C` is a comma and `=3D` an equals sign (`saslname`).
  private static func name(_ text: ArraySlice<UInt8>) -> String? {
    var octets: [UInt8] = []
    var rest = text
    while let octet = rest.popFirst() {
      if octet != UInt8(ascii: "=") {
        octets.append(octet)
      } else if rest.starts(with: "2C".utf8) {
        octets.append(UInt8(ascii: ","))
        rest = rest.dropFirst(2)
      } else if rest.starts(with: "3D".utf8) {
        octets.append(UInt8(ascii: "="))
        rest = rest.dropFirst(2)
      } else {
        return nil
      }
    }
    return ServerExchange.userName(octets[...])
  }
}

extension SCRAMClientFirst.Binding {
  fileprivate init?(_ flag: ArraySlice<UInt8>) {
    if flag.elementsEqual("n".utf8) {
      self = .unsupported
    } else if flag.elementsEqual("y".utf8) {
      self = .notOffered
    } else {
      guard let kind = SCRAMAttribute.value(of: "p", in: flag), !kind.isEmpty,
        kind.allSatisfy({
          $0.isLetter || $0.isDigit || $0 == .dot || $0 == UInt8(ascii: "-")
        })
      else { return nil }
      self = .bound(kind: String(decoding: kind, as: UTF8.self))
    }
  }
}
