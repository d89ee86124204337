package import EventLoop
package import Platform

/// A message on its way into the spool: written piece by piece, then committed or abandoned.
///
/// It goes to the queue, to maildrops, or to both; that makes one file for the queue and one for
/// all maildrops, since only the first carries the envelope.
@Loop
package struct Delivery: ~Copyable {
  /// The identifier of the message.
  package let id: QueueID
  let drafts: [Draft]
  private let spool: Spool
  /// Those of the spool when the delivery began; nil while it was not open.
  private let directories: SpoolDirectories?
  private let floorBytes: Int?
  /// Why nothing of it can be stored.
  private let lack: SystemError?

  init(
    id: QueueID, drafts: [Draft], spool: Spool, directories: SpoolDirectories?,
    floorBytes: Int? = nil, lack: SystemError? = nil
  ) {
    self.id = id
    self.drafts = drafts
    self.spool = spool
    self.directories = directories
    self.floorBytes = floorBytes
    self.lack = lack
  }

  deinit {
    // A delivery that was not committed leaves nothing behind.
    guard let directories else { return }
    for draft in drafts where !draft.isHandedOver { draft.discard(in: directories) }
  }

  /// Adds content with LF line ends.
  ///
  /// - Throws: what the disk says, such as a full one, which is also one with less free than is to stay; the
  ///   delivery can only be abandoned then.
  package func write(_ content: [UInt8]) async throws(SystemError) {
    if let lack { throw lack }
    let directories: SpoolDirectories
    if let own = self.directories { directories = own } else { directories = try spool.directories }
    for draft in drafts where draft.append(content) {
      if let floorBytes { try spool.checkRoom(for: draft, leaving: floorBytes) }
      try await spool.disk.run { () throws(SystemError) in try draft.spill(in: directories) }
    }
  }

  /// Returns when the message is on the device, under the name it is found by after a crash.
  ///
  /// **Durability**: from here on no crash loses the message; before, none delivers it.
  ///
  /// - Throws: what failed; no part of the message is left then.
  package consuming func commit() async throws(SystemError) {
    try await spool.commit(drafts)
  }

  /// Gives the message up; the end of the value does the same.
  package consuming func abandon() {}
}
