import Support
import Testing

@testable import Linker

@Suite struct HostFunctionTests {
  @Test func everyFunctionOfPreview1IsThere() {
    #expect(HostFunctions.all.count { $0.module == "wasi_snapshot_preview1" } == 46)
    let open = HostFunctions.find(module: "wasi_snapshot_preview1", name: "path_open")
    #expect(open?.params == [.i32, .i32, .i32, .i32, .i32, .i64, .i64, .i32, .i32])
    #expect(open?.results == [.i32])
    #expect(
      HostFunctions.find(module: "wasi_unstable", name: "fd_seek")?.symbol == "wasmaot_wasi_unstable_fd_seek")
    #expect(HostFunctions.find(module: "env", name: "path_open") == nil)
    #expect(
      HostFunctions.find(module: "wasi", name: "thread-spawn")?.symbol == "wasmaot_wasi_thread_spawn")
  }
}
