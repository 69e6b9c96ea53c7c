internal import CLLVM
import IR
