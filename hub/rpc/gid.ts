/** A job's id as aria2 writes one: 16 hexadecimal digits. An id that is no number stays as it is. */
export function gidOf(id: string): string {
  return /^\d{1,19}$/.test(id) ? BigInt(id).toString(16).padStart(16, "0") : id;
}

/** The job's id of a {@linkcode gidOf}. */
export function idOf(gid: string): string {
  return /^[\da-f]{16}$/i.test(gid) ? BigInt(`0x${gid}`).toString() : gid;
}
