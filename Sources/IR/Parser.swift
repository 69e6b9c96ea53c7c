import Support

/// Reads a module in the text form (docs/ir.md). The result is not verified.
public func parseModule(_ text: String) throws(ParseError) -> Module {
  var parser = try Parser(text)
  return try parser.module()
}

/// Tokens one by one, with one of lookahead, and what is common to declarations and bodies.
struct Parser {
  var lexer: Lexer
  var token: Token
  var result = Module()

  init(_ text: String) throws(ParseError) {
    lexer = Lexer(text)
    token = try lexer.next()
  }

  // MARK: - Tokens

  func error(_ message: String) -> ParseError {
    ParseError(line: token.line, column: token.column, message: message)
  }

  var tokenText: String { lexer.text(token) }

  @discardableResult
  mutating func advance() throws(ParseError) -> String {
    let text = tokenText
    token = try lexer.next()
    return text
  }

  func isAt(_ text: String) -> Bool {
    (token.kind == .punctuation || token.kind == .word) && token.end - token.start == text.utf8.count
      && tokenText == text
  }

  mutating func accept(_ text: String) throws(ParseError) -> Bool {
    if !isAt(text) { return false }
    try advance()
    return true
  }

  mutating func expect(_ text: String) throws(ParseError) {
    if try !accept(text) { throw error("expected '\(text)'") }
  }

  mutating func word() throws(ParseError) -> String {
    if token.kind != .word { throw error("expected a word") }
    return try advance()
  }

  /// An unsigned number, or a negative one in two's complement.
  mutating func number() throws(ParseError) -> UInt64 {
    guard token.kind == .number else { throw error("expected a number") }
    let text = tokenText
    let value: UInt64?
    if text.hasPrefix("0x") {
      value = UInt64(text.dropFirst(2), radix: 16)
    } else if text.hasPrefix("-") {
      value = Int64(text).map { UInt64(bitPattern: $0) }
    } else {
      value = UInt64(text)
    }
    guard let value else { throw error("not a 64-bit number") }
    try advance()
    return value
  }

  mutating func number(atMost limit: UInt64) throws(ParseError) -> UInt64 {
    let start = token
    let value = try number()
    if value > limit {
      throw ParseError(line: start.line, column: start.column, message: "number above \(limit)")
    }
    return value
  }

  /// The bits of an i32 or f32: an unsigned number, or a negative one that fits.
  mutating func bits32() throws(ParseError) -> UInt32 {
    let start = token
    let value = try number()
    if let value = UInt32(exactly: value) { return value }
    if let value = Int32(exactly: Int64(bitPattern: value)) { return UInt32(bitPattern: value) }
    throw ParseError(line: start.line, column: start.column, message: "not a 32-bit number")
  }

  mutating func vector() throws(ParseError) -> V128 {
    let text = tokenText
    guard token.kind == .number, text.hasPrefix("0x"), text.utf8.count == 34,
      let high = UInt64(text.dropFirst(2).prefix(16), radix: 16),
      let low = UInt64(text.dropFirst(18), radix: 16)
    else { throw error("expected 0x and 32 hexadecimal digits") }
    try advance()
    return V128(low: low, high: high)
  }

  mutating func string() throws(ParseError) -> [UInt8] {
    guard token.kind == .string else { throw error("expected a string") }
    var bytes: [UInt8] = []
    var position = token.start + 1
    while position < token.end - 1 {
      let byte = lexer.bytes[position]
      position += 1
      if byte != UInt8(ascii: "\\") {
        bytes.append(byte)
        continue
      }
      let digits = String(decoding: lexer.bytes[position..<min(position + 2, token.end - 1)], as: UTF8.self)
      guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16) else {
        throw error("escape without two hexadecimal digits")
      }
      bytes.append(value)
      position += 2
    }
    try advance()
    return bytes
  }

  mutating func text() throws(ParseError) -> String { String(decoding: try string(), as: UTF8.self) }

  /// Strings in a row, joined.
  mutating func strings() throws(ParseError) -> [UInt8] {
    var bytes = try string()
    while token.kind == .string { bytes += try string() }
    return bytes
  }

  /// Prefix and number in one word, such as `sig3`: the number.
  mutating func entity(_ prefix: String) throws(ParseError) -> UInt32 {
    guard let number = entityNumber(prefix) else { throw error("expected \(prefix) and a number") }
    try advance()
    return number
  }

  func entityNumber(_ prefix: String) -> UInt32? {
    guard token.kind == .word else { return nil }
    let text = tokenText
    guard text.hasPrefix(prefix), let number = UInt32(text.dropFirst(prefix.utf8.count)), number != .max,
      text == "\(prefix)\(number)"
    else { return nil }
    return number
  }

  /// An entity that is declared here: they come in order, without gaps.
  mutating func declared(_ prefix: String, _ count: Int) throws(ParseError) {
    guard entityNumber(prefix).map(Int.init) == count else { throw error("expected \(prefix)\(count)") }
    try advance()
  }

  mutating func type() throws(ParseError) -> Type {
    guard token.kind == .word, let type = Type.byName[tokenText] else { throw error("expected a type") }
    try advance()
    return type
  }

  mutating func trapCode() throws(ParseError) -> TrapCode {
    let text = tokenText
    guard let code = TrapCode.allCases.first(where: { $0.name == text }) else {
      throw error("expected a trap")
    }
    try advance()
    return code
  }

  /// A function or `null`. Whether it exists is the verifier's to say.
  mutating func functionOrNull() throws(ParseError) -> FunctionID {
    try accept("null") ? .none : FunctionID(rawValue: entity("f"))
  }

  mutating func list<Element>(
    _ open: String, _ close: String, _ element: (inout Parser) throws(ParseError) -> Element
  ) throws(ParseError) -> [Element] {
    try expect(open)
    var elements: [Element] = []
    while try !accept(close) {
      if !elements.isEmpty { try expect(",") }
      elements.append(try element(&self))
    }
    return elements
  }

  // MARK: - Declarations

  mutating func module() throws(ParseError) -> Module {
    // Bodies name functions that are declared behind them: they are read last.
    var bodies: [(id: FunctionID, lexer: Lexer, token: Token)] = []
    while token.kind != .end {
      let keyword = tokenText
      switch keyword {
      case "signature": try signature()
      case "memory": try memory()
      case "table": try table()
      case "global": try global()
      case "data": try data()
      case "elem": try elements()
      case "import":
        try advance()
        let module = ByteString(try string())
        let name = ByteString(try string())
        try expect("=")
        result.imports.append(Import(module: module, name: name, item: try item()))
      case "tag":
        try advance()
        try declared("tag", result.tags.count)
        try expect("=")
        let isExternal = try accept("external")
        let signature = SignatureID(rawValue: try entity("sig"))
        let name = token.kind == .string ? ByteString(try string()) : ByteString([])
        var tag = Tag(signature: signature, name: name)
        tag.isExternal = isExternal
        result.tags.append(tag)
      case "export":
        try advance()
        let name = ByteString(try string())
        try expect("=")
        result.exports.append(Export(name: name, item: try item()))
      case "start":
        try advance()
        result.start = FunctionID(rawValue: try entity("f"))
      case "thread_start":
        try advance()
        result.threadStart = FunctionID(rawValue: try entity("f"))
      case "instantiation_trap":
        try advance()
        result.instantiationTrap = try trapCode()
      case "function":
        if let id = try function() {
          bodies.append((id, lexer, token))
          try skipBody()
        }
      default: throw error("expected a declaration")
      }
    }
    for body in bodies {
      lexer = body.lexer
      token = body.token
      result.bodies[body.id] = try functionBody(result.functions[body.id].signature)
    }
    return result
  }

  private mutating func signature() throws(ParseError) {
    try advance()
    try declared("sig", result.signatures.count)
    try expect("=")
    let params = try list("(", ")") { parser throws(ParseError) in try parser.type() }
    try expect("->")
    let results = try list("(", ")") { parser throws(ParseError) in try parser.type() }
    let variant = try accept("variant") ? try number(atMost: UInt64(UInt32.max)) : 0
    var signature = Signature(params: params, results: results, variant: UInt32(variant))
    if try accept("as") { signature.precise = PreciseTypes(params: try text(), results: try text()) }
    result.signatures.append(signature)
  }

  private mutating func limits() throws(ParseError) -> (UInt64, UInt64?) {
    let minimum = try number()
    try expect("..")
    return (minimum, token.kind == .number ? try number() : nil)
  }

  private mutating func memory() throws(ParseError) {
    try advance()
    try declared("mem", result.memories.count)
    try expect("=")
    let isExternal = try accept("external")
    let (minimum, maximum) = try limits()
    var memory = Memory(minimum: minimum, maximum: maximum)
    memory.isExternal = isExternal
    memory.isMemory64 = try accept("i64")
    memory.isShared = try accept("shared")
    if try accept("page") {
      try expect("=")
      memory.pageSizeLog2 = try powerOfTwo(atMost: 1 << 16)
    }
    while try accept("image") {
      let offset = try number()
      memory.image.append(ImageChunk(offset: offset, bytes: try strings()))
    }
    result.memories.append(memory)
  }

  mutating func powerOfTwo(atMost limit: UInt64) throws(ParseError) -> UInt8 {
    let start = token
    let value = try number(atMost: limit)
    guard value.nonzeroBitCount == 1 else {
      throw ParseError(line: start.line, column: start.column, message: "not a power of two")
    }
    return UInt8(value.trailingZeroBitCount)
  }

  private mutating func table() throws(ParseError) {
    try advance()
    try declared("table", result.tables.count)
    try expect("=")
    let isExternal = try accept("external")
    let element = try type()
    let precise = try accept("as") ? try text() : nil
    let (minimum, maximum) = try limits()
    var table = Table(element: element, minimum: minimum, maximum: maximum)
    table.preciseElement = precise
    table.isTable64 = try accept("i64")
    table.isReadOnly = try accept("readonly")
    if try accept("fill") { table.fill = try expression() }
    table.isExternal = isExternal
    if !isExternal {
      table.initial = try list("[", "]") { parser throws(ParseError) in try parser.functionOrNull() }
    }
    result.tables.append(table)
  }

  private mutating func global() throws(ParseError) {
    try advance()
    try declared("g", result.globals.count)
    try expect("=")
    let isExternal = try accept("external")
    let isMutable = try accept("mut")
    let type = try type()
    let precise = try accept("as") ? try text() : nil
    let initializer: Initializer =
      if isExternal { .external } else if isAt("(") { .expression(try expression()) } else {
        .constant(try constant(type))
      }
    var global = Global(type: type, isMutable: isMutable, initializer: initializer)
    global.preciseType = precise
    result.globals.append(global)
  }

  /// A function's declaration. If a body follows, its ID; the current token is then what follows the brace.
  private mutating func function() throws(ParseError) -> FunctionID? {
    try advance()
    try declared("f", result.functions.count)
    let signature = SignatureID(rawValue: try entity("sig"))
    if !result.signatures.contains(signature) {
      throw error("the function's signature is not declared above")
    }
    let name = token.kind == .string ? ByteString(try string()) : ByteString([])
    var declaration = FunctionDecl(signature: signature, name: name, definition: .body)
    declaration.neverReturns = try accept("noreturn")
    result.bodies.append(nil)
    if try accept("{") { return result.functions.append(declaration) }
    try expect("=")
    switch tokenText {
    case "import":
      try advance()
      declaration.definition = .imported(symbol: String(decoding: try string(), as: UTF8.self))
    case "stub":
      try advance()
      let module = ByteString(try string())
      declaration.definition = .stub(module: module, name: ByteString(try string()))
    case "external":
      try advance()
      declaration.definition = .external
    case "removed":
      try advance()
      declaration.definition = .removed
    default: throw error("expected 'import', 'stub', 'external', 'removed' or a body")
    }
    result.functions.append(declaration)
    return nil
  }

  private mutating func skipBody() throws(ParseError) {
    while try !accept("}") {
      if token.kind == .end { throw error("function without '}'") }
      try advance()
    }
  }
}

extension Type {
  static let byName: [String: Type] = Dictionary(uniqueKeysWithValues: allCases.map { ("\($0)", $0) })
}

extension Shape {
  static let byName: [String: Shape] = Dictionary(uniqueKeysWithValues: allCases.map { ("\($0)", $0) })
}
