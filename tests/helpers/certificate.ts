import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** A certificate and its key, both as PEM. */
export type Certificate = { readonly cert: string; readonly key: string };

/** An authority of a test, which nobody else trusts. */
export type Authority = {
  readonly cert: string;
  /** A certificate for a server of this name. */
  issue(hostName: string): Certificate;
};

const YEAR_MS = 365 * 24 * 3_600_000;
const OIDS = {
  commonName: "550403",
  subjectAltName: "551d11",
  basicConstraints: "551d13",
  ecdsaWithSha256: "2a8648ce3d040302",
} as const;

/**
 * Makes an authority (X.509 as in RFC 5280, in the few fields that clients look at). Node makes keys and
 * signatures but no certificates, and a key in the repository would look like a secret.
 */
export function createAuthority(): Authority {
  const { publicKey, privateKey } = newPair();
  const name = `Authority ${randomBytes(4).toString("hex")}`;
  const isAuthority = extension("basicConstraints", sequence(der(0x01, Buffer.from([0xff]))), true);
  const issuer = { name, key: privateKey };
  return {
    cert: toPem(certificate(issuer, name, publicKey, isAuthority)),
    issue(hostName) {
      const leaf = newPair();
      const names = sequence(der(0x82, Buffer.from(hostName)));
      const cert = certificate(
        issuer,
        hostName,
        leaf.publicKey,
        extension("subjectAltName", names),
      );
      const key = leaf.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
      return { cert: toPem(cert), key };
    },
  };
}

const newPair = () => generateKeyPairSync("ec", { namedCurve: "P-256" });

function certificate(
  issuer: { readonly name: string; readonly key: KeyObject },
  subject: string,
  publicKey: KeyObject,
  extensions: Buffer,
): Buffer {
  const algorithm = sequence(oid("ecdsaWithSha256"));
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    nameOf(issuer.name),
    sequence(time(Date.now() - YEAR_MS), time(Date.now() + YEAR_MS)),
    nameOf(subject),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(extensions)),
  );
  return sequence(body, algorithm, bitString(sign("sha256", body, issuer.key)));
}

function extension(id: keyof typeof OIDS, value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [der(0x01, Buffer.from([0xff]))] : [];
  return sequence(oid(id), ...critical, der(0x04, value));
}

const nameOf = (name: string) =>
  sequence(der(0x31, sequence(oid("commonName"), der(0x0c, Buffer.from(name)))));

const time = (at: number) =>
  der(0x18, Buffer.from(`${new Date(at).toISOString().slice(0, 19).replace(/[-:T]/g, "")}Z`));

const oid = (id: keyof typeof OIDS) => der(0x06, Buffer.from(OIDS[id], "hex"));

const bitString = (bytes: Buffer) => der(0x03, Buffer.concat([Buffer.from([0]), bytes]));

const sequence = (...parts: Buffer[]) => der(0x30, ...parts);

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  const length =
    size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const toPem = (bytes: Buffer) =>
  `-----BEGIN CERTIFICATE-----\n${bytes.toString("base64")}\n-----END CERTIFICATE-----\n`;
