internal import CLLVM
import CRuntimeABI

/// The instruction set that code is generated for: always a list of features, never a CPU's name, because
/// a name stands for features that a hypervisor or a kernel may have masked. The program checks the list
/// when it starts (`wasmaot_module.required_features`).
struct InstructionSet: Sendable {
  /// LLVM's name of the CPU whose scheduling model is used; implies no instruction.
  var tuning: String
  /// Features as LLVM spells them, in the order of `x86Features`.
  var features: [String]
  /// The bits of the vectors that loops are made to use where the features have several; nil: as LLVM's tuning says.
  var vectorBits: Int?

  /// For LLVM: `+sse3,+ssse3`.
  var featureString: String { features.map { "+" + $0 }.joined(separator: ",") }

  /// `WASMAOT_X86_*` bits.
  var requiredBits: UInt32 {
    x86Features.reduce(0) { features.contains($1.name) ? $0 | 1 << $1.bit.rawValue : $0 }
  }
}

extension InstructionSet {
  /// LLVM's tunings of Intel's CPUs prefer 256 bits, for 512 lowered the clock of the first that had them. Those of
  /// Sapphire Rapids and later, which have AVX512-FP16, are faster with 512 (decision 0161). By the feature, since a
  /// hypervisor may give them another CPU's model, which is what LLVM's name of the host goes by.
  init(cpu: String, target: Target) throws(BackendError) {
    switch target.architecture {
    case .x86_64:
      if cpu == "native" {
        try initializeLLVM()
        // Only what the runtime can check, and all of it by name.
        let host = Set(LLVMInfo.hostFeatures)
        let usable = x86Features.map(\.name).filter(host.contains)
        guard Set(usable).isSuperset(of: x86LevelFeatures(2)) else {
          throw .unsupported(
            "this machine's CPU lacks what x86-64-v2 has, which is the least that is supported")
        }
        self.init(
          tuning: LLVMInfo.hostCPU, features: usable, vectorBits: host.contains("avx512fp16") ? 512 : nil)
      } else if let row = x86CPUs.first(where: { $0.name == cpu }) {
        self.init(
          tuning: row.tuning, features: x86LevelFeatures(row.level),
          vectorBits: row.tuning == "sapphirerapids" ? 512 : nil)
      } else {
        throw .unknownCPU(cpu, target: target.triple)
      }
    }
  }
}

/// One row a feature that generated code may use: LLVM's name, its bit, and the microarchitecture level of
/// the x86-64 psABI that has it (0: none).
private let x86Features: [(name: String, bit: wasmaot_x86_feature, level: Int)] = [
  ("cx16", WASMAOT_X86_CX16, 2), ("sahf", WASMAOT_X86_SAHF, 2), ("popcnt", WASMAOT_X86_POPCNT, 2),
  ("sse3", WASMAOT_X86_SSE3, 2), ("ssse3", WASMAOT_X86_SSSE3, 2), ("sse4.1", WASMAOT_X86_SSE4_1, 2),
  ("sse4.2", WASMAOT_X86_SSE4_2, 2),
  ("avx", WASMAOT_X86_AVX, 3), ("avx2", WASMAOT_X86_AVX2, 3), ("bmi", WASMAOT_X86_BMI, 3),
  ("bmi2", WASMAOT_X86_BMI2, 3), ("f16c", WASMAOT_X86_F16C, 3), ("fma", WASMAOT_X86_FMA, 3),
  ("lzcnt", WASMAOT_X86_LZCNT, 3), ("movbe", WASMAOT_X86_MOVBE, 3),
  ("avx512f", WASMAOT_X86_AVX512F, 4), ("avx512bw", WASMAOT_X86_AVX512BW, 4),
  ("avx512cd", WASMAOT_X86_AVX512CD, 4), ("avx512dq", WASMAOT_X86_AVX512DQ, 4),
  ("avx512vl", WASMAOT_X86_AVX512VL, 4),
  ("avx512vbmi", WASMAOT_X86_AVX512VBMI, 0), ("avx512vbmi2", WASMAOT_X86_AVX512VBMI2, 0),
  ("avx512vnni", WASMAOT_X86_AVX512VNNI, 0), ("avx512bitalg", WASMAOT_X86_AVX512BITALG, 0),
  ("avx512vpopcntdq", WASMAOT_X86_AVX512VPOPCNTDQ, 0), ("avx512ifma", WASMAOT_X86_AVX512IFMA, 0),
  ("gfni", WASMAOT_X86_GFNI, 0),
]

private func x86LevelFeatures(_ level: Int) -> [String] {
  x86Features.filter { $0.level != 0 && $0.level <= level }.map(\.name)
}

/// Names for `--cpu`. A CPU's name selects the level that it has and its scheduling model.
private let x86CPUs: [(name: String, level: Int, tuning: String)] = [
  ("baseline", 2, "generic"), ("x86-64-v2", 2, "generic"), ("x86-64-v3", 3, "generic"),
  ("x86-64-v4", 4, "generic"),
  ("nehalem", 2, "nehalem"), ("westmere", 2, "westmere"), ("sandybridge", 2, "sandybridge"),
  ("ivybridge", 2, "ivybridge"), ("haswell", 3, "haswell"), ("broadwell", 3, "broadwell"),
  ("skylake", 3, "skylake"), ("alderlake", 3, "alderlake"), ("znver1", 3, "znver1"),
  ("znver2", 3, "znver2"), ("znver3", 3, "znver3"), ("skylake-avx512", 4, "skylake-avx512"),
  ("icelake-server", 4, "icelake-server"), ("sapphirerapids", 4, "sapphirerapids"),
  ("znver4", 4, "znver4"),
]

func x86CPUNames() -> [(name: String, description: String)] {
  x86CPUs.map { row in
    let level = "the instructions of x86-64-v\(row.level)"
    return (row.name, row.tuning == "generic" ? level : "\(level), scheduled for \(row.tuning)")
  }
}
