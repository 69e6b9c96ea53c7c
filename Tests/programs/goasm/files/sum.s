// func Sum(values []int64) int64
TEXT ·Sum(SB), 4, $0-32
	MOVQ values_base+0(FP), SI
	MOVQ values_len+8(FP), CX
	XORQ AX, AX
loop:
	TESTQ CX, CX
	JZ done
	ADDQ (SI), AX
	ADDQ $8, SI
	DECQ CX
	JMP loop
done:
	MOVQ AX, ret+24(FP)
	RET

// func Dot(a, b *[4]float64) float64
TEXT ·Dot(SB), 4, $0-24
	MOVQ a+0(FP), SI
	MOVQ b+8(FP), DI
	VMOVUPD (SI), Y0
	VMULPD (DI), Y0, Y0
	VEXTRACTF128 $1, Y0, X1
	VADDPD X1, X0, X0
	VHADDPD X0, X0, X0
	MOVSD X0, ret+16(FP)
	VZEROUPPER
	RET
