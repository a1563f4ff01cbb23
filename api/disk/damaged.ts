/** Thrown by the readers of a format when a file cannot be what it claims to be; the message says why, in few words. */
export class Damaged extends Error {}
