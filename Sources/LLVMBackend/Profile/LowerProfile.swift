internal import CLLVM
import CRuntimeABI
import IR

// Counting, and what was counted. Counters are 64 bits wide in one variable of the program, over which its runtime maps a
// file. Each count is a load and a store of its own there, which LLVM must not collect in a register over a loop: a fault, a
// limit or a signal may end the run in it. Threads, and runs at once, count into the same ones without locked instructions:
// some of what they do at the same instant is lost.
extension FunctionLowering {
  /// At the end of the function's entry block.
  func beginProfile() {
    switch profile {
    case .none: break
    case .count(let first): count(base.int64(first))
    case .use(let counts): base.setEntryCount(counts[0], of: llvmFunction)
    }
  }

  /// Before a `brif`: which way it goes.
  func countBranch(if condition: LLVMValueRef) {
    guard case .count(let first) = profile, let counter = branchCounter else { return }
    let way = LLVMBuildZExt(builder, condition, types.i64, "")!
    count(LLVMBuildAdd(builder, base.int64(first + counter), way, ""))
  }

  /// Before a branch with a table of so many entries.
  func countBranch(to index: LLVMValueRef, entries: Int) {
    guard case .count(let first) = profile, let counter = branchCounter else { return }
    let last = base.int32(entries - 1)
    let isInside = LLVMBuildICmp(builder, LLVMIntULT, index, last, "")
    let way = LLVMBuildZExt(builder, LLVMBuildSelect(builder, isInside, index, last, ""), types.i64, "")
    count(LLVMBuildAdd(builder, base.int64(first + counter), way, ""))
  }

  /// Says of a `brif` how often it was taken. False where nothing is known.
  func weigh(branch: LLVMValueRef) -> Bool {
    guard let counts = branchCounts(ways: 2) else { return false }
    return base.setWeights([counts[1], counts[0]], of: branch)
  }

  /// Says of a switch how often each entry of its table was.
  func weigh(switch inst: LLVMValueRef, entries: Int) {
    guard let counts = branchCounts(ways: entries) else { return }
    // LLVM's default comes first, the table's last.
    _ = base.setWeights([counts[entries - 1]] + counts.dropLast(), of: inst)
  }

  private func branchCounts(ways: Int) -> [UInt64]? {
    guard case .use(let counts) = profile, let counter = branchCounter else { return nil }
    return Array(counts[counter..<counter + ways])
  }

  private func count(_ index: LLVMValueRef) {
    var index: LLVMValueRef? = index
    let counter = LLVMBuildGEP2(builder, types.i64, unit.profileCounters, &index, 1, "")
    let old = LLVMBuildLoad2(builder, types.i64, counter, "")!
    let store = LLVMBuildStore(builder, LLVMBuildAdd(builder, old, base.int64(1), ""), counter)!
    for access in [old, store] {
      LLVMSetOrdering(access, LLVMAtomicOrderingMonotonic)
      LLVMSetMetadata(access, unit.aliasTags.kind, unit.aliasTags.profile)
    }
  }
}

extension ModuleUnit {
  /// The program's counters. The runtime maps the pages of a file over them, so that they are alone in theirs.
  var profileCounters: LLVMValueRef {
    let count = facts.counters?.countersOfPages ?? 0
    let type: LLVMTypeRef = LLVMArrayType2(types.i64, UInt64(count))
    return sharedVariable(
      "wasmaot_profile_counters", type: type, isConstant: false, alignment: UInt32(WASMAOT_PROFILE_PAGE_SIZE),
      isKnownToRuntime: true
    ) { LLVMConstNull(type) }
  }

  /// Defines what the runtime writes into an empty file of counts, and the counters.
  func defineProfile() {
    guard let counters = facts.counters else { return }
    _ = profileCounters
    base.addGlobal(
      "wasmaot_profile_head", base.bytes(counters.head), isConstant: true, linkage: LLVMExternalLinkage,
      alignment: 8)
  }
}

extension Unit {
  /// Sets the metadata of a branch; weights have 32 bits. False, and nothing, where all counts are 0.
  func setWeights(_ counts: [UInt64], of branch: LLVMValueRef) -> Bool {
    guard let greatest = counts.max(), greatest > 0 else { return false }
    let shift = UInt64(max(0, 32 - greatest.leadingZeroBitCount))
    let weights: [LLVMMetadataRef?] = counts.map { count in
      // What happened stays different from what never did.
      LLVMValueAsMetadata(int32(count == 0 ? 0 : max(1, count >> shift)))
    }
    LLVMSetMetadata(branch, profileKind, LLVMMetadataAsValue(context, node(named: "branch_weights", weights)))
    return true
  }

  /// Says of a function how often it was called.
  func setEntryCount(_ count: UInt64, of function: LLVMValueRef) {
    LLVMGlobalSetMetadata(
      function, profileKind, node(named: "function_entry_count", [LLVMValueAsMetadata(int64(count))]))
  }

  /// Says of the module what LLVM asks of all counts of the program.
  func setSummary(_ summary: ProfileSummary) {
    func field(_ name: String, _ value: some BinaryInteger) -> LLVMMetadataRef {
      node(named: name, [LLVMValueAsMetadata(int64(value))])
    }
    let cutoffs = summary.cutoffs.map { cutoff in
      node([
        LLVMValueAsMetadata(int32(cutoff.partsPerMillion)), LLVMValueAsMetadata(int64(cutoff.least)),
        LLVMValueAsMetadata(int32(cutoff.number)),
      ])
    }
    let name = "ProfileSummary"
    LLVMAddModuleFlag(
      llvm, LLVMModuleFlagBehaviorError, name, name.utf8.count,
      node([
        node(named: "ProfileFormat", [metadata("InstrProf")]), field("TotalCount", summary.total),
        field("MaxCount", summary.greatest), field("MaxInternalCount", summary.greatestInside),
        field("MaxFunctionCount", summary.greatestEntry), field("NumCounts", summary.countNumber),
        field("NumFunctions", summary.functionNumber), node(named: "DetailedSummary", [node(cutoffs)]),
      ]))
  }

  private func node(named name: String, _ operands: [LLVMMetadataRef?]) -> LLVMMetadataRef {
    node([metadata(name)] + operands)
  }
}
