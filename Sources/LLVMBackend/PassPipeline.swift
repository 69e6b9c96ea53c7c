internal import CLLVM

// LLVM's passes, as its pipelines in text.
//
// -O2 and -O3 are LLVM's own pipeline for a module, cut in front of its SLP vectoriser: that is not for all functions
// (VectorizedFunctions.swift). For what comes first there is a name, that of the compiler's part of builds with ThinLTO: it
// differs in that loops whose header calls something are rotated later. There is none for the vectorisers and what follows
// them: that is spelt out here as `opt -print-pipeline-passes` shows it, but for what does nothing to our code (coroutines,
// sanitizers, remarks, instructions of CPUs to come).

/// Makes what is one pipeline in LLVM of one or two.
struct PassPipeline {
  /// Up to the loop vectoriser, or all.
  var first: String
  /// From the SLP vectoriser on.
  var second: String?

  init(_ level: OptimizationLevel) {
    switch level {
    case .O2, .O3:
      first = "thinlto-pre-link<\(level.rawValue)>,\(Self.loopVectorizer(level))"
      second = Self.slpVectorizer(level)
    case .O0, .O1, .Os, .Oz:
      first = "default<\(level.rawValue)>"
      second = nil
    }
  }

  private static let once = "<max-iterations=1;no-verify-fixpoint>"
  // These are in LLVM's own pipeline, and have names, from 22 on.
  private static let isNew = LLVMInfo.major >= 22
  private static let assumptions = isNew ? "drop-unnecessary-assumes," : ""
  private static let arithmetic = isNew ? ";switch-to-arithmetic" : ""

  // Bodies that other units have were there to be inlined only.
  private static func loopVectorizer(_ level: OptimizationLevel) -> String {
    "elim-avail-extern,rpo-function-attrs,recompute-globalsaa,function<eager-inv>(\(assumptions)float2int,lower-constant-intrinsics,"
      + (level == .O3 ? "chr," : "")
      + "loop(loop-rotate,loop-deletion),loop-distribute,inject-tli-mappings,loop-vectorize,\(assumptions)"
      + "infer-alignment,loop-load-elim,instcombine\(once),simplifycfg<forward-switch-cond;switch-range-to-icmp"
      + "\(arithmetic);switch-to-lookup;no-keep-loops;hoist-common-insts;sink-common-insts>)"
  }

  private static func slpVectorizer(_ level: OptimizationLevel) -> String {
    // What the first part knew of the module is gone.
    "require<globals-aa>,require<profile-summary>,function<eager-inv>(slp-vectorizer,vector-combine,instcombine\(once),loop-unroll<\(level.rawValue)>,"
      + "transform-warning,sroa<preserve-cfg>,infer-alignment,instcombine\(once),loop-mssa(licm<allowspeculation>),"
      + "alignment-from-assumptions,loop-sink,instsimplify,div-rem-pairs,tailcallelim,"
      + "simplifycfg<switch-range-to-icmp\(arithmetic);speculate-unpredictables>),"
      + "globaldce,constmerge,cg-profile,rel-lookup-table-converter"
  }
}
