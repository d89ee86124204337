package import Platform

/// The room on the disk that messages need while they come in.
extension Spool {
  /// The room for a message that begins.
  package struct Reservation: Sendable {
    /// The octets that it is expected to have.
    package var expectedBytes: Int
    /// The octets of the disk that mail leaves free.
    package var floorBytes: Int

    package init(expectedBytes: Int, floorBytes: Int) {
      self.expectedBytes = expectedBytes
      self.floorBytes = floorBytes
    }
  }

  /// A draft of a message that comes in, as long as there is one.
  struct OpenDraft {
    weak var draft: Draft?
  }

  /// The octets by which a message that is longer than expected is expected to grow.
  package nonisolated static let growthBytes = 64 << 10

  /// The octets of fields that are added to a header.
  private nonisolated static let fieldBytes = 4 << 10

  /// Checks that the disk has room for so many more octets, besides those that other messages still need.
  ///
  /// - Parameter floorBytes: what mail leaves free.
  /// - Throws: `SystemError`, an `isOutOfSpace` one where there is none.
  package func checkRoom(for bytes: Int, leaving floorBytes: Int) throws(SystemError) {
    let space = try space
    let rest = space.freeBytes - floorBytes - missingBytes
    if rest < bytes || space.freeFiles < 16 { throw Self.outOfSpace }
  }

  /// Checks that a message may go on to be written.
  ///
  /// One that has outgrown what it was expected to be needs room of its own for `growthBytes`; the others only
  /// must leave what is to stay free, which they do while nothing else fills the disk.
  func checkRoom(for draft: Draft, leaving floorBytes: Int) throws(SystemError) {
    if draft.bytes > draft.expectedBytes {
      draft.expectedBytes = draft.bytes
      try checkRoom(for: Self.growthBytes, leaving: floorBytes)
      draft.expectedBytes += Self.growthBytes
    } else if try space.freeBytes < floorBytes {
      throw Self.outOfSpace
    }
  }

  /// Has drafts keep room for a message; returns what speaks against it.
  ///
  /// Others may have begun since its sender was accepted.
  func reserve(_ room: Reservation, for drafts: [Draft]) -> SystemError? {
    openDrafts.removeAll { $0.draft == nil }
    do throws(SystemError) {
      try checkRoom(for: room.expectedBytes * drafts.count, leaving: room.floorBytes)
    } catch {
      return error
    }
    for draft in drafts {
      // The fields that are added here stand there already; others may come.
      draft.expectedBytes = draft.bytes + room.expectedBytes + Self.fieldBytes
      openDrafts.append(OpenDraft(draft: draft))
    }
    return nil
  }

  /// The octets that messages are expected to have and have not brought yet.
  private var missingBytes: Int {
    openDrafts.reduce(0) { sum, open in
      guard let draft = open.draft, !draft.isHandedOver else { return sum }
      return sum + max(0, draft.expectedBytes - draft.bytes)
    }
  }

  private nonisolated static var outOfSpace: SystemError {
    SystemError(code: 28 /* ENOSPC */, call: "write: less would be free than is to stay")
  }
}
