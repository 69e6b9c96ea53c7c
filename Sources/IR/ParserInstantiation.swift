import Support

// Imports, exports, segments, and what is worked out when a module is instantiated.
extension Parser {
  mutating func item() throws(ParseError) -> ExternItem {
    if let number = entityNumber("tag") {
      try advance()
      return .tag(TagID(rawValue: number))
    }
    if let number = entityNumber("table") {
      try advance()
      return .table(TableID(rawValue: number))
    }
    if let number = entityNumber("mem") {
      try advance()
      return .memory(MemoryID(rawValue: number))
    }
    if let number = entityNumber("g") {
      try advance()
      return .global(GlobalID(rawValue: number))
    }
    return .function(FunctionID(rawValue: try entity("f")))
  }

  mutating func data() throws(ParseError) {
    try advance()
    try declared("data", result.dataSegments.count)
    try expect("=")
    var segment = DataSegment(bytes: [])
    if try accept("active") {
      let memory = MemoryID(rawValue: try entity("mem"))
      segment.place = SegmentPlace(target: memory, offset: try expression())
    }
    segment.bytes = try strings()
    result.dataSegments.append(segment)
  }

  mutating func elements() throws(ParseError) {
    try advance()
    try declared("elem", result.elementSegments.count)
    try expect("=")
    var place: SegmentPlace<TableID>?
    if try accept("active") {
      let table = TableID(rawValue: try entity("table"))
      place = SegmentPlace(target: table, offset: try expression())
    }
    var segment = ElementSegment(element: try type(), items: [], place: place)
    let items = try list("[", "]") { parser throws(ParseError) -> (ConstantExpression?, FunctionID) in
      parser.isAt("(") ? (try parser.expression(), .none) : (nil, try parser.functionOrNull())
    }
    // Either all of them are expressions or none.
    segment.expressions = items.compactMap(\.0)
    if segment.expressions.isEmpty {
      segment.items = items.map(\.1)
    } else if segment.expressions.count != items.count {
      throw error("functions and expressions in one segment")
    }
    result.elementSegments.append(segment)
  }

  mutating func expression() throws(ParseError) -> ConstantExpression {
    ConstantExpression(
      try list("(", ")") { parser throws(ParseError) -> ConstantExpression.Operator in
        if try parser.accept("global") { return .global(GlobalID(rawValue: try parser.entity("g"))) }
        if let binary = ConstantExpression.Binary.allCases.first(where: {
          parser.isAt(snakeCase($0.rawValue))
        }) {
          try parser.advance()
          return .binary(binary)
        }
        return .constant(try parser.constant(try parser.type()))
      })
  }

  mutating func constant(_ type: Type) throws(ParseError) -> Constant {
    switch type {
    case .i32: return .i32(try bits32())
    case .i64: return .i64(try number())
    case .f32: return .f32(try bits32())
    case .f64: return .f64(try number())
    case .v128: return .v128(try vector())
    case .funcref, .externref, .exnref:
      let function = try functionOrNull()
      return function.isNone ? .null(type) : .function(function)
    }
  }
}
