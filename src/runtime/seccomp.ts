// Builds the seccomp filter for confined processes. It blocks the system calls by which a process could get around the
// file rules and reach whatever else runs for this user (the session bus, a container engine, Heddle's own command
// line).

const AUDIT_ARCH = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const;
/** x86-64 numbers the same calls a second time above this bit (the x32 ABI). */
const X32_BIT = 0x4000_0000;

const CALLS = {
  x64: { socket: 41, socketpair: 53, refused: [248, 249, 250, 298, 321, 323] },
  arm64: { socket: 198, socketpair: 199, refused: [217, 218, 219, 241, 280, 282] },
} as const;
// `refused`: add_key, request_key and keyctl (keys are shared by a user's processes), perf_event_open, bpf, userfaultfd.
/**
 * io_uring is a second way to create and use sockets; the number is the same everywhere. Programs fall back when it is
 * "not implemented".
 */
const IO_URING_SETUP = 425;

const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
/** Either end of a datagram socket pair could later send to any address. */
const SOCK_DGRAM = 2;
const SOCK_TYPE_MASK = 0xf;

const LOAD = 0x20;
const AND = 0x54;
const EQUALS = 0x15;
const AT_LEAST = 0x35;
const RETURN = 0x06;
const ALLOW = 0x7fff_0000;
const ERROR = 0x0005_0000;
const EPERM = 1;
const EACCES = 13;
const ENOSYS = 38;

/** Offsets in struct seccomp_data; for an argument, of its lower half. */
const NUMBER_AT = 0;
const ARCH_AT = 4;
const argumentAt = (index: number) => 16 + 8 * index;

/** Returns a BPF program with eight bytes per instruction. */
export function seccompFilter({ network }: { network: boolean }): Uint8Array {
  const arch = process.arch as keyof typeof CALLS;
  const calls = CALLS[arch];
  if (!calls) throw new Error(`There is no system call filter for ${process.arch}.`);
  const families = network ? [AF_INET, AF_INET6, AF_NETLINK] : [];
  return assemble([
    [LOAD, 0, 0, ARCH_AT],
    [EQUALS, 1, 0, AUDIT_ARCH[arch]],
    [RETURN, 0, 0, ERROR | EPERM],
    [LOAD, 0, 0, NUMBER_AT],
    ...(arch === "x64" ? when(AT_LEAST, X32_BIT, ENOSYS) : []),
    ...when(EQUALS, IO_URING_SETUP, ENOSYS),
    ...calls.refused.flatMap((number) => when(EQUALS, number, EPERM)),
    // socket(family, …)
    [EQUALS, 0, families.length + 3, calls.socket],
    [LOAD, 0, 0, argumentAt(0)],
    ...families.map((family, at): Instruction => [EQUALS, families.length - at, 0, family]),
    [RETURN, 0, 0, ERROR | EACCES],
    [RETURN, 0, 0, ALLOW],
    // socketpair(family, type, …)
    [EQUALS, 0, 4, calls.socketpair],
    [LOAD, 0, 0, argumentAt(1)],
    [AND, 0, 0, SOCK_TYPE_MASK],
    [EQUALS, 0, 1, SOCK_DGRAM],
    [RETURN, 0, 0, ERROR | EACCES],
    [RETURN, 0, 0, ALLOW],
  ]);
}

/** Operation, number of instructions to skip if true and if false, operand. */
type Instruction = [operation: number, whenTrue: number, whenFalse: number, operand: number];

const when = (comparison: number, operand: number, error: number): Instruction[] => [
  [comparison, 0, 1, operand],
  [RETURN, 0, 0, ERROR | error],
];

function assemble(instructions: Instruction[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(instructions.length * 8));
  instructions.forEach(([operation, whenTrue, whenFalse, operand], at) => {
    view.setUint16(at * 8, operation, true);
    view.setUint8(at * 8 + 2, whenTrue);
    view.setUint8(at * 8 + 3, whenFalse);
    view.setUint32(at * 8 + 4, operand, true);
  });
  return new Uint8Array(view.buffer);
}
