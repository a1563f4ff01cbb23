/** Stores the file it is given: `_put.ts ENDPOINT PATH SHA256`; says how far it is, to be killed meanwhile. */
// deno-lint-ignore-file no-console -- what it prints tells the test when to kill it
import { s3Store } from "../../../fleet/mirror/mod.ts";
import { embeddedS3 } from "../../../testing/mod.ts";

const [endpoint, path, sha256] = Deno.args as [string, string, string];
const { user: credentials } = embeddedS3();
using store = s3Store({ endpoint, bucket: "models", credentials, partBytes: 5 * 1024 * 1024, concurrency: 2 });
const onProgress = ({ bytes }: { bytes: number }) => console.log(bytes);
const { sentBytes, resumedBytes } = await store.put(path, { sha256 }, { onProgress });
console.log(`done ${sentBytes} ${resumedBytes}`);
