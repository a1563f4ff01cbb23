/**
 * The one hash of the library that is used. Loaded late, and as a module of its own: of a library that is loaded late as
 * a whole, bundlers keep all the others too.
 *
 * @module
 */
export { createBLAKE3 } from "hash-wasm";
