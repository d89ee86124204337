import EventLoop
import Network
import TestSupport
import Testing

@testable import Retrieval

struct GuessingTests {
  @Test func `Wrong passwords end in a ban, whatever user and session they are for`() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session(from: Bed.stranger) { client in
        try await client.logIn("alice", "wrong", "-ERR [AUTH]")
        try await client.ask("USER nobody")
        try await client.ask("PASS wrong", "-ERR [AUTH]")
      }
      try await bed.session(from: Bed.stranger) { client in
        try await client.logIn("bob", "wrong", "-ERR [AUTH]")
        try await client.ask("USER alice")
        try await client.ask("PASS last", "-ERR [SYS/TEMP] Too many failed logins")
        try await client.expect("<closed>")
      }
    }
  }

  @Test func `A telephone with an old password is not banned`() async throws {
    try await onLoop {
      let bed = try Bed()
      for _ in 0..<10 {
        try await bed.session(from: Bed.stranger) { client in
          try await client.logIn("alice", "old", "-ERR [AUTH]")
        }
      }
    }
  }

  @Test func `A login forgives the failed ones before it`() async throws {
    try await onLoop {
      let bed = try Bed()
      for round in 0..<5 {
        try await bed.session(from: Bed.stranger) { client in
          try await client.logIn("alice", "wrong\(round)", "-ERR [AUTH]")
          try await client.ask("USER alice")
          try await client.ask("PASS wrong too\(round)", "-ERR [AUTH]")
          try await client.ask("USER alice")
          try await client.ask("PASS secret")
          try await client.ask("QUIT")
        }
      }
    }
  }

  @Test func `Commands before the login are counted, and those after it are not`() async throws {
    try await onLoop {
      let bed = try Bed()
      try await bed.session(from: Bed.stranger) { client in
        try await client.logIn()
        for _ in 0..<200 { try await client.ask("NOOP") }
        try await client.ask("QUIT")
      }
      try await bed.session(from: Bed.stranger) { client in
        try await client.expect("+OK")
        for _ in 0..<98 {
          try await client.ask("CAPA")
          _ = try await client.content()
        }
        try await client.ask("CAPA", "-ERR [SYS/TEMP] Too many commands")
        try await client.expect("<closed>")
      }
    }
  }
}
