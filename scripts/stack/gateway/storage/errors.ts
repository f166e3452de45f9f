/**
 * An error of Supabase Storage. `status` is what the body says; the HTTP status of every client error
 * is 400, which the real service keeps for its old clients.
 */
export class StorageError extends Error {
  override readonly name = "StorageError";
  readonly status: number;
  readonly code: string;
  readonly error: string;

  constructor(status: number, code: string, message: string, error: string = code) {
    super(message);
    this.status = status;
    this.code = code;
    this.error = error;
  }
}

export const noSuchBucket = () =>
  new StorageError(404, "NoSuchBucket", "Bucket not found", "Bucket not found");
export const noSuchKey = () => new StorageError(404, "NoSuchKey", "Object not found", "not_found");
export const keyExists = () =>
  new StorageError(409, "KeyAlreadyExists", "The resource already exists", "Duplicate");
export const bucketExists = () =>
  new StorageError(409, "BucketAlreadyExists", "The resource already exists", "Duplicate");
export const bucketNotEmpty = () =>
  new StorageError(409, "ResourceNotEmpty", "The bucket you tried to delete is not empty");
export const relatedMissing = () =>
  new StorageError(404, "InvalidRequest", "The related resource does not exist");
export const accessDenied = (message = "new row violates row-level security policy") =>
  new StorageError(403, "AccessDenied", message, "Unauthorized");
export const tooLarge = () =>
  new StorageError(
    413,
    "EntityTooLarge",
    "The object exceeded the maximum allowed size",
    "Payload too large",
  );
export const invalidMimeType = (type: string) =>
  new StorageError(
    415,
    "InvalidMimeType",
    `mime type ${type} is not supported`,
    "invalid_mime_type",
  );
export const invalidKey = (key: string) =>
  new StorageError(400, "InvalidKey", `Invalid key: ${key}`);
export const invalidRequest = (message: string) => new StorageError(400, "InvalidRequest", message);
export const invalidJwt = (message: string) => new StorageError(400, "InvalidJWT", message);
export const invalidSignature = (message = "Invalid signature") =>
  new StorageError(400, "InvalidSignature", message);

const UNEXPECTED = new StorageError(500, "InternalError", "Internal server error");

export function storageErrorResponse(thrown: unknown): Response {
  const { status, error, message, code } = thrown instanceof StorageError ? thrown : UNEXPECTED;
  return Response.json(
    { statusCode: String(status), error, message, code },
    { status: status === 500 ? 500 : 400 },
  );
}
