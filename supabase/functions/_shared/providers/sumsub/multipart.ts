/** A form with one text and one file, as bytes. */
export type Multipart = {
  readonly contentType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
};

/**
 * Writes a form (RFC 7578). `FormData` could do it too, at the price of two more copies of a file
 * that may have ten megabytes, in a function that has little memory.
 *
 * @param file its name must need no quoting
 * @example writeMultipart({ name: "metadata", value: "{}" }, { name: "content", fileName, type, bytes });
 */
export function writeMultipart(
  text: { readonly name: string; readonly value: string },
  file: {
    readonly name: string;
    readonly fileName: string;
    readonly type: string;
    readonly bytes: Uint8Array;
  },
): Multipart {
  const boundary = `----nff-${crypto.randomUUID()}`;
  const encoder = new TextEncoder();
  const head = encoder.encode(
    `--${boundary}\r\nContent-Disposition: form-data; name="${text.name}"\r\n\r\n${text.value}\r\n` +
      `--${boundary}\r\nContent-Disposition: form-data; name="${file.name}"; filename="${file.fileName}"\r\n` +
      `Content-Type: ${file.type}\r\n\r\n`,
  );
  const tail = encoder.encode(`\r\n--${boundary}--\r\n`);
  const bytes = new Uint8Array(head.byteLength + file.bytes.byteLength + tail.byteLength);
  bytes.set(head);
  bytes.set(file.bytes, head.byteLength);
  bytes.set(tail, head.byteLength + file.bytes.byteLength);
  return { contentType: `multipart/form-data; boundary=${boundary}`, bytes };
}
