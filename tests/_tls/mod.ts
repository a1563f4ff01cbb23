// deno-lint-ignore-file no-console -- what it prints is what it is for
/** A certificate and its key, in PEM. */
export interface CertifiedKey {
  cert: string;
  key: string;
}

/** A certificate authority made for one test run, and certificates it signed. */
export interface TestAuthority {
  /** Certificate of the authority, in PEM. */
  ca: string;
  /** Signs a certificate for `names`, such as `DNS:origin.test` or `IP:127.0.0.1`; valid for `days`; expired when negative. */
  sign(names: readonly string[], days?: number): CertifiedKey;
}

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

function openssl(cwd: string, ...args: string[]): void {
  const { success, stderr } = new Deno.Command("openssl", { args, cwd, stderr: "piped", stdout: "null" }).outputSync();
  if (!success) throw new Error(`openssl ${args[0]}: ${new TextDecoder().decode(stderr)}`);
}

/** Tells whether the openssl command is there; tests that need it are skipped otherwise. */
export const hasOpenssl: boolean = (() => {
  try {
    return new Deno.Command("openssl", { args: ["version"], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    console.warn("TLS tests are skipped: there is no openssl command");
    return false;
  }
})();

/** Makes a fresh authority with the openssl command. */
export function testAuthority(): TestAuthority {
  const folder = Deno.makeTempDirSync({ prefix: "civikit_tls_" });
  const read = (name: string) => Deno.readTextFileSync(`${folder}/${name}`);
  try {
    openssl(
      folder,
      ...["req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=civikit test"],
      ...["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"],
    );
    const ca = read("ca.pem");
    const caKey = read("ca.key");
    return { ca, sign: (names, days = 2) => sign({ cert: ca, key: caKey }, names, days) };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function sign(authority: CertifiedKey, names: readonly string[], days: number): CertifiedKey {
  const folder = Deno.makeTempDirSync({ prefix: "civikit_tls_" });
  try {
    Deno.writeTextFileSync(`${folder}/ca.pem`, authority.cert);
    Deno.writeTextFileSync(`${folder}/ca.key`, authority.key);
    Deno.writeTextFileSync(`${folder}/names`, `subjectAltName=${names.join(",")}\n`);
    openssl(folder, "req", ...newKey, "-keyout", "key", "-out", "csr", "-subj", "/CN=civikit leaf");
    openssl(
      folder,
      ...["x509", "-req", "-in", "csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"],
      ...["-days", String(days), "-extfile", "names", "-out", "cert"],
    );
    return { cert: Deno.readTextFileSync(`${folder}/cert`), key: Deno.readTextFileSync(`${folder}/key`) };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}
