/**
 * `@std/cli/unicode-width` over string-width, for networks that reach npm but not JSR.
 *
 * @module
 */
import stringWidth from "npm:string-width@9.0.0";

/** Columns a string takes on a terminal, counted code point by code point as the real one does. */
export function unicodeWidth(str: string): number {
  return [...str].reduce((sum, char) => sum + stringWidth(char), 0);
}
