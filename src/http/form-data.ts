/**
 * `FormData`: fields of a form, sent as `application/x-www-form-urlencoded`, or as `multipart/form-data` where a field is a file or has a type of
 * its own.
 *
 * Source: aiohttp docs, "Client Reference", `FormData`; WHATWG HTML, "Multipart form data"; RFC 7578.
 */
import { randomBytes } from 'node:crypto';
import { ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';

/** The value of a field. */
export type FormValue = string | number | bigint | Uint8Array | Blob | AsyncIterable<Uint8Array | string>;

/** Fields, as they can be given at once. Of a list in an object each value becomes a field. */
export type FormFields =
  | Iterable<readonly [name: string, value: FormValue]>
  | Readonly<Record<string, FormValue | readonly FormValue[]>>;

export interface FieldOptions {
  readonly contentType?: string | undefined;
  readonly filename?: string | undefined;
}

interface Field extends FieldOptions {
  readonly name: string;
  readonly value: Exclude<FormValue, number | bigint>;
}

/** A piece of a body. */
export type Piece = Uint8Array | AsyncIterable<Uint8Array | string>;

/** A body with its type. */
export interface EncodedForm {
  readonly contentType: string;
  readonly pieces: readonly Piece[];
}

export class FormData {
  readonly #fields: Field[] = [];
  #multipart: boolean;

  /** @param options.multipart send it as multipart, whatever the fields are. */
  constructor(fields?: FormFields, options: { readonly multipart?: boolean } = {}) {
    this.#multipart = options.multipart === true;
    if (fields !== undefined) this.addFields(fields);
  }

  /** Will it be sent as `multipart/form-data`? */
  get isMultipart(): boolean {
    return this.#multipart;
  }

  /** Add a field. With a file name, a type or bytes as its value it makes the form a multipart one. */
  addField(name: string, value: FormValue, options: FieldOptions = {}): this {
    if (typeof name !== 'string')
      throw new TypeError(`the name of a field must be a string, not ${describe(name)}`);
    const { contentType } = options;
    if (contentType !== undefined && /[\r\n]/.test(contentType)) {
      throw new ValueError(`the type of a field must not have line breaks: ${describe(contentType)}`);
    }
    const field = typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
    if (!isFieldValue(field)) {
      throw new TypeError(
        `the value of the field ${describe(name)} must be a string, a number, bytes, a Blob or an async iterable of bytes, not ${describe(value)}`,
      );
    }
    const { filename = fileNameOf(name, field) } = options;
    if (typeof field !== 'string' || filename !== undefined || contentType !== undefined)
      this.#multipart = true;
    this.#fields.push({ name, value: field, contentType, filename });
    return this;
  }

  /** Add several fields. */
  addFields(fields: FormFields): this {
    if (typeof fields !== 'object' || fields === null)
      throw new TypeError(
        `the fields of a form must be an object, or pairs of names and values, not ${describe(fields)}`,
      );
    if (Symbol.iterator in fields) {
      for (const pair of fields) {
        if (!Array.isArray(pair) || pair.length !== 2)
          throw new TypeError(
            `the fields of a form must be pairs of names and values, not ${describe(pair)}`,
          );
        this.addField(pair[0] as string, pair[1] as FormValue);
      }
      return this;
    }
    for (const [name, value] of Object.entries(fields)) {
      if (Array.isArray(value)) for (const each of value as readonly FormValue[]) this.addField(name, each);
      else this.addField(name, value as FormValue);
    }
    return this;
  }

  /** @internal */
  _encode(): EncodedForm {
    return this.#multipart ? this.#encodeMultipart() : this.#encodeUrl();
  }

  #encodeUrl(): EncodedForm {
    const pairs = this.#fields.map(({ name, value }): [string, string] => [name, value as string]);
    const text = new URLSearchParams(pairs).toString();
    return { contentType: 'application/x-www-form-urlencoded', pieces: [Buffer.from(text)] };
  }

  #encodeMultipart(): EncodedForm {
    const boundary = randomBytes(16).toString('hex');
    const pieces: Piece[] = [];
    for (const field of this.#fields) {
      pieces.push(Buffer.from(`--${boundary}\r\n${headOf(field)}\r\n`), pieceOf(field.value), CRLF);
    }
    pieces.push(Buffer.from(`--${boundary}--\r\n`));
    return { contentType: `multipart/form-data; boundary=${boundary}`, pieces };
  }
}

const CRLF: Uint8Array = Buffer.from('\r\n');

function headOf({ name, value, filename, contentType }: Field): string {
  const file = filename === undefined ? '' : `; filename="${quoted(filename)}"`;
  const type = contentType ?? typeOf(value, filename);
  const typeLine = type === null ? '' : `Content-Type: ${type}\r\n`;
  return `Content-Disposition: form-data; name="${quoted(name)}"${file}\r\n${typeLine}`;
}

function typeOf(value: Field['value'], filename: string | undefined): string | null {
  if (typeof value === 'string') return filename === undefined ? null : 'text/plain; charset=utf-8';
  if (value instanceof Blob && value.type !== '') return value.type;
  return 'application/octet-stream';
}

/** As browsers write names, so that no name can end its quotes or its line. */
function quoted(text: string): string {
  return text.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function pieceOf(value: Field['value']): Piece {
  if (typeof value === 'string') return Buffer.from(value);
  return value instanceof Blob ? (value.stream() as AsyncIterable<Uint8Array>) : value;
}

/** What is no text is a file, and is called as the field is where it has no name of its own. */
function fileNameOf(name: string, value: Field['value']): string | undefined {
  if (typeof value === 'string') return undefined;
  return typeof File === 'function' && value instanceof File ? value.name : name;
}

function isFieldValue(value: unknown): value is Field['value'] {
  return (
    typeof value === 'string' ||
    value instanceof Uint8Array ||
    value instanceof Blob ||
    (typeof value === 'object' && value !== null && Symbol.asyncIterator in value)
  );
}
