	.set portb, 0x05
	.macro wait count
	ldi r24, lo8(\count)
	ldi r25, hi8(\count)
1:	sbiw r24, 1
	brne 1b
	.endm
	.text
	.global main
main:
	ldi r16, 0xff
	out portb - 1, r16
loop:
	sbi portb, 5
	wait 40000
	cbi portb, 5
	wait 20000
	rcall helper
	rjmp loop
helper:
	push r28
	lds r28, counter
	inc r28
	sts counter, r28
	pop r28
	ret
	.section .progmem.data, "a"
table:
	.rept 8
	.byte 1 << (. - table)
	.endr
	.asciz "a string"
	.comm counter, 1
