// @std/assert over node:assert, for networks that reach npm but not JSR. Only what the tests use.
export {};
