/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * All that runs in a guest of the lane `linux`: in the place of a BIOS, it writes to every
 * page of its memory and checks it, over and over. To port 0xe9 goes a dot for each round in
 * which all was as it should be; an X, and it stops, if a word was not.
 *
 * 64 KiB, mapped at 0xf0000 and below 4 GiB; linked for the former.
 */
	.text
	.globl start
	.code16
start:
	cli
	lgdtl	%cs:gdt_pointer - start
	movl	%cr0, %eax
	orl	$1, %eax
	movl	%eax, %cr0
	ljmpl	$8, $flat

	.code32
flat:
	movw	$16, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	/* Memory above 16 MiB, in 64 KiB: the real-time clock's bytes 0x34 and 0x35. */
	movb	$0x35, %al
	outb	%al, $0x70
	inb	$0x71, %al
	movzbl	%al, %ebx
	shll	$8, %ebx
	movb	$0x34, %al
	outb	%al, $0x70
	inb	$0x71, %al
	movb	%al, %bl
	shll	$16, %ebx
	addl	$0x1000000, %ebx	/* the end */
	xorl	%ecx, %ecx		/* the round */
round:
	movl	$0x100000, %edi
page:
	/* What it holds is its address and the round. */
	movl	%edi, %eax
	addl	%ecx, %eax
	testl	%ecx, %ecx
	jz	write
	cmpl	%eax, (%edi)
	jne	bad
	cmpl	%eax, 2048(%edi)
	jne	bad
	cmpl	%eax, 4092(%edi)
	jne	bad
write:
	incl	%eax
	movl	%eax, (%edi)
	movl	%eax, 2048(%edi)
	movl	%eax, 4092(%edi)
	addl	$4096, %edi
	cmpl	%ebx, %edi
	jb	page
	movb	$'.', %al
	outb	%al, $0xe9
	incl	%ecx
	jmp	round
bad:
	movb	$'X', %al
	outb	%al, $0xe9
	hlt
	jmp	bad

	.balign	8
gdt:
	.quad	0
	.quad	0x00cf9a000000ffff	/* code: all there is */
	.quad	0x00cf92000000ffff	/* data */
gdt_pointer:
	.word	gdt_pointer - gdt - 1
	.long	gdt

	/* Where a processor begins. */
	.org	0xfff0
	.code16
	ljmp	$0xf000, $0	/* start */
	.org	0xffff
	.byte	0
