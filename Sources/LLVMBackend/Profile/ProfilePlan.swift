import CRuntimeABI
import IR
import Support

/// What a build does about counts. Depends on the module and the options only.
enum ProfilePlan: Sendable {
  case none
  /// The program counts.
  case count(CounterPlan)
  /// Counts of earlier runs.
  case use(MatchedProfile)

  init(_ module: IR.Module, _ options: BackendOptions) {
    if options.countsBranches {
      self = .count(CounterPlan(module, jobs: options.jobs))
    } else if let profile = options.profile {
      self = .use(MatchedProfile(profile, module, jobs: options.jobs))
    } else {
      self = .none
    }
  }

  /// What is done about one function.
  func action(for function: FunctionID) -> FunctionProfile {
    switch self {
    case .none: return .none
    case .count(let plan): return .count(first: plan.firstCounters[function])
    case .use(let matched):
      let counts = matched.counts[function]
      return counts.isEmpty ? .none : .use(counts)
    }
  }

  var counters: CounterPlan? { if case .count(let plan) = self { plan } else { nil } }
  var matched: MatchedProfile? { if case .use(let matched) = self { matched } else { nil } }
}

/// What lowering does about the counts of the function that it lowers.
enum FunctionProfile {
  case none
  /// Its counters begin there among those of the module.
  case count(first: Int)
  /// It has been counted before.
  case use([UInt64])
}

/// Which counters of a program are whose, and the part of its profile's file in front of them.
struct CounterPlan: Sendable {
  private(set) var firstCounters = SecondaryMap<FunctionID, Int>(default: 0)
  /// With those that fill the last page up.
  let countersOfPages: Int
  let head: [UInt8]

  private static let pageSize = Int(WASMAOT_PROFILE_PAGE_SIZE)

  init(_ module: IR.Module, jobs: Int) {
    let sites = CounterSites.all(of: module, jobs: jobs)
    var rows: [UInt8] = []
    var functionCount: UInt32 = 0
    var count = 0
    func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
      withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }
    for id in module.bodies.ids {
      guard let function = sites[id.index] else { continue }
      firstCounters[id] = count
      count += function.count
      functionCount += 1
      append(id.rawValue, to: &rows)
      append(UInt32(function.count), to: &rows)
      append(function.shape, to: &rows)
    }
    func pages(_ size: Int) -> Int { (size + Self.pageSize - 1) / Self.pageSize * Self.pageSize }
    let headSize = pages(Int(WASMAOT_PROFILE_HEAD_SIZE) + rows.count)
    countersOfPages = pages(max(count, 1) * 8) / 8
    var head = Array(WASMAOT_PROFILE_MAGIC.utf8)
    append(UInt32(WASMAOT_PROFILE_VERSION), to: &head)
    append(functionCount, to: &head)
    append(UInt64(count), to: &head)
    append(UInt64(headSize), to: &head)
    head += rows
    self.head = head + Array(repeating: 0, count: headSize - head.count)
  }
}

/// The counts of a profile that are this module's.
struct MatchedProfile: Sendable {
  /// Empty where the profile has none of the function.
  let counts: SecondaryMap<FunctionID, [UInt64]>
  let summary: ProfileSummary
  /// Functions with a body, and those of them that the profile has nothing about.
  let functionCount: Int
  let unknownCount: Int

  /// A function's counts are those of its index and shape. Functions that have moved keep theirs: what is left of the
  /// profile belongs to what is left of the module, where only one function of each has that shape.
  init(_ profile: Profile, _ module: IR.Module, jobs: Int) {
    let sites = CounterSites.all(of: module, jobs: jobs)
    let entries = profile.entries
    var counts = SecondaryMap<FunctionID, [UInt64]>(default: [])
    var known: [[UInt64]] = []
    func take(_ entry: Int, for id: FunctionID) {
      // (The shape is a hash: the file may claim what it likes.)
      guard entries[entry].counts.count == sites[id.index]?.count else { return }
      counts[id] = entries[entry].counts
      known.append(entries[entry].counts)
    }

    let functions = module.bodies.defined
    let places = Dictionary(grouping: entries.indices) { entries[$0].function }
    var isTaken = Array(repeating: false, count: entries.count)
    var moved: [FunctionID] = []
    for id in functions {
      if let entry = places[id.rawValue]?.first(where: { entries[$0].shape == sites[id.index]?.shape }) {
        isTaken[entry] = true
        take(entry, for: id)
      } else {
        moved.append(id)
      }
    }
    let left = Dictionary(grouping: entries.indices.filter { !isTaken[$0] }) { entries[$0].shape }
    let unknown = Dictionary(grouping: moved) { sites[$0.index]?.shape }
    for id in moved {
      guard let shape = sites[id.index]?.shape, let entries = left[shape] else { continue }
      if entries.count == 1, unknown[shape]?.count == 1 { take(entries[0], for: id) }
    }
    self.counts = counts
    functionCount = functions.count
    unknownCount = functionCount - known.count
    summary = ProfileSummary(known)
  }
}
