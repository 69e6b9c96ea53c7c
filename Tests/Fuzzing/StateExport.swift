/// The function `state` of a module: what its functions may have changed, one result each, so that every engine can be
/// asked for it.
enum StateExport {
  static let name = "state"

  /// Globals are results as they are; a memory is one of its size and one that mixes its bytes; of a table its size and
  /// which entries are null.
  static func text(
    globals: [(name: String, type: String)], memories: [(name: String, is64: Bool, isBytePaged: Bool)],
    tables: [(name: String, is64: Bool)], renews: String
  ) -> String {
    let types =
      globals.map(\.type) + memories.flatMap { _ in ["i64", "i64"] } + tables.flatMap { _ in ["i64", "i64"] }
    var lines = ["  (func (export \"\(name)\")\(Generator.clause("result", types))"]
    lines.append("    (local $i i32) (local $n i32) (local $h i64) (local $j i64)")
    lines.append("    \(renews)")
    lines += globals.map { "    (global.get \($0.name))" }
    for memory in memories {
      let size =
        memory.is64 ? "(memory.size \(memory.name))" : "(i64.extend_i32_u (memory.size \(memory.name)))"
      let bytes = "(i32.shl (i32.wrap_i64 \(size)) (i32.const \(memory.isBytePaged ? 0 : 16)))"
      let place = memory.is64 ? "(i64.extend_i32_u (local.get $i))" : "(local.get $i)"
      let load = "(i64.load\(memory.isBytePaged ? "8_u" : "") \(memory.name) \(place))"
      lines.append(
        """
            \(size)
            (local.set $h (i64.const 0)) (local.set $i (i32.const 0)) (local.set $n \(bytes))
            (block $done (loop $l
              (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
              (local.set $h (i64.mul (i64.xor (i64.rotl (local.get $h) (i64.const 5)) \(load)) (i64.const 0x100000001b3)))
              (local.set $i (i32.add (local.get $i) (i32.const \(memory.isBytePaged ? 1 : 8))))
              (br $l)))
            (local.get $h)
        """)
    }
    for table in tables {
      let size = table.is64 ? "(table.size \(table.name))" : "(i64.extend_i32_u (table.size \(table.name)))"
      let place = table.is64 ? "(i64.extend_i32_u (local.get $i))" : "(local.get $i)"
      lines.append(
        """
            \(size)
            (local.set $h (i64.const 1)) (local.set $i (i32.const 0)) (local.set $n (i32.wrap_i64 \(size)))
            (block $done (loop $l
              (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
              (local.set $h (i64.add (i64.shl (local.get $h) (i64.const 1))
                (i64.extend_i32_u (ref.is_null (table.get \(table.name) \(place))))))
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br $l)))
            (local.get $h)
        """)
    }
    return lines.joined(separator: "\n") + ")"
  }
}
