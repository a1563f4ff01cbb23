import type { Locale } from "../../transport/mod.ts";

/** What is wrong with a file, as `findDamage` and others say it, and the same in Chinese; `$1` is what was in the place. */
const chinese: readonly (readonly [said: RegExp, chinese: string])[] = [
  [/^it is empty$/, "檔案是空的"],
  [/^cut off: (\d+) of (\d+) bytes(?: of data)? are missing$/, "不完整：$2 個位元組裡少了 $1 個"],
  [/^cut off: (\d+) bytes are missing before its list of contents$/, "不完整：內容清單之前少了 $1 個位元組"],
  [/^cut off: the list of contents at its end is missing$/, "不完整：少了最後的內容清單"],
  [/^bytes are missing or too many before its list of contents$/, "內容清單之前的位元組太少或太多"],
  [/^cut off inside the header, after (\d+) bytes$/, "不完整：檔頭在第 $1 個位元組之後中斷"],
  [/^(\d+) bytes follow the last tensor$/, "最後一個張量之後多了 $1 個位元組"],
  [/^tensor ("(?:[^"\\]|\\.)*"): (\d+) bytes do not hold (\d+) of (\S+)$/, "張量 $1：$2 個位元組放不下 $3 個 $4"],
  [/^tensor ("(?:[^"\\]|\\.)*"): begins at (\d+), due at (\d+)$/, "張量 $1：從 $2 開始，應該是 $3"],
  [/^not a \.safetensors file: it has only (\d+) bytes$/, "不是 .safetensors 檔案：只有 $1 個位元組"],
  [/^not a \.safetensors file: no header begins it$/, "不是 .safetensors 檔案：開頭不是檔頭"],
  [/^the header is not JSON$/, "檔頭不是 JSON"],
  [/^the header is not an object$/, "檔頭不是物件"],
  [/^the header's entry (".*") is no tensor$/, "檔頭的項目 $1 不是張量"],
  [/^not a GGUF file: it does not begin as one$/, "不是 GGUF 檔案：開頭不對"],
  [/^not a GGUF file: a value is of the unknown type (\d+)$/, "不是 GGUF 檔案：有一個值是不明的型別 $1"],
  [/^not a GGUF file: lists within lists within lists$/, "不是 GGUF 檔案：清單疊了太多層"],
  [/^not a GGUF file: a tensor has (\d+) dimensions$/, "不是 GGUF 檔案：有一個張量是 $1 維"],
  [/^it was presumed to be (.*), and its SHA-256 is not$/, "原先推定是 $1，但 SHA-256 不是"],
];

/** What is wrong with a model file, in the reader's language; what nobody knows to say in Chinese stays as it is. */
export function damageWords(problem: string, locale: Locale): string {
  if (locale === "en") return problem;
  const found = chinese.find(([said]) => said.test(problem));
  return found === undefined ? problem : problem.replace(found[0], found[1]);
}
