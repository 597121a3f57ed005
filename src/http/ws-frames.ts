/**
 * The frames of WebSockets, as bytes and as messages. Knows no sockets.
 *
 * Complexity goals: each byte that comes is copied at most once, and a message of many frames is put together once, at its end.
 * Source: RFC 6455, sections 5 and 7.4.
 */
import { isUtf8 } from 'node:buffer';
import { randomFillSync } from 'node:crypto';
import { ByteQueue } from '../net/byte-queue.ts';
import { WebSocketError, WSCloseCode, type WSMessage, WSMsgType } from './ws-messages.ts';

const FIN = 0x80;
const RESERVED = 0x70;
const OPCODE = 0x0f;
const MASKED = 0x80;
const LENGTH = 0x7f;
const LONGEST_CONTROL = 125;

/** Masks are taken from a block of random bytes, because asking for four of them costs as much as asking for thousands. */
const masks: Buffer = Buffer.alloc(8192);
let nextMask = masks.length;

/** A frame that is sent by a client. */
export function encodeFrame(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const frame = Buffer.allocUnsafe(2 + extended + 4 + length);
  frame[0] = FIN | opcode;
  if (extended === 0) frame[1] = MASKED | length;
  else if (extended === 2) {
    frame[1] = MASKED | 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = MASKED | 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  if (nextMask === masks.length) {
    randomFillSync(masks);
    nextMask = 0;
  }
  const at = 2 + extended;
  const start = at + 4;
  masks.copy(frame, at, nextMask, nextMask + 4);
  nextMask += 4;
  for (let i = 0; i < length; i++)
    frame[start + i] = (payload[i] as number) ^ (frame[at + (i & 3)] as number);
  return frame;
}

/** The payload of a close. */
export function encodeClose(code: number, reason: Uint8Array): Buffer {
  const payload = Buffer.alloc(2 + reason.length);
  payload.writeUInt16BE(code, 0);
  payload.set(reason, 2);
  return payload;
}

interface Head {
  readonly fin: boolean;
  readonly opcode: number;
  readonly length: number;
}

/** Makes messages of what a server sends. */
export class FrameReader {
  readonly #maxSize: number;
  readonly #queue = new ByteQueue();
  #head: Head | null = null;
  /** The frames of a message that is not complete, and its type. */
  #parts: Buffer[] = [];
  #partsSize = 0;
  #opcode = 0;

  /** @param maxSize of a message, in bytes; 0 for any. */
  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  /** Bytes came; they belong to the reader from now on. */
  push(data: Uint8Array): void {
    this.#queue.push(data);
  }

  /** The next message, or `null` where more has to come. @throws {WebSocketError} */
  next(): WSMessage | null {
    for (;;) {
      this.#head ??= this.#readHead();
      const head = this.#head;
      if (head === null || this.#queue.size < head.length) return null;
      this.#head = null;
      const message = this.#frame(head, this.#queue.take(head.length));
      if (message !== null) return message;
    }
  }

  #readHead(): Head | null {
    const queue = this.#queue;
    if (queue.size < 2) return null;
    // The two bytes tell how many more there are; until those have come they are kept.
    const [first, second] = this.#peek(2) as unknown as [number, number];
    const short = second & LENGTH;
    const extended = short < 126 ? 0 : short === 126 ? 2 : 8;
    const opcode = first & OPCODE;
    if ((first & RESERVED) !== 0) throw protocolError('Received frame with non-zero reserved bits');
    if ((second & MASKED) !== 0) throw protocolError('Received a masked frame from a server');
    if (opcode >= 8 && ((first & FIN) === 0 || short > LONGEST_CONTROL))
      throw protocolError('Received a control frame that is fragmented or too long');
    if (queue.size < 2 + extended) return null;
    const bytes = queue.take(2 + extended);
    const length =
      extended === 0 ? short : extended === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (this.#maxSize > 0 && length + this.#partsSize > this.#maxSize) {
      const size = length + this.#partsSize;
      throw new WebSocketError(
        WSCloseCode.MESSAGE_TOO_BIG,
        `Message size ${size} exceeds limit ${this.#maxSize}: give wsConnect() another maxMsgSize`,
      );
    }
    return { fin: (first & FIN) !== 0, opcode, length };
  }

  #peek(count: number): Buffer {
    const chunks = this.#queue.chunks();
    return Buffer.concat(chunks.slice(0, count), count);
  }

  #frame({ fin, opcode }: Head, payload: Buffer): WSMessage | null {
    switch (opcode) {
      case WSMsgType.PING:
      case WSMsgType.PONG:
        return { type: opcode, data: payload, extra: null };
      case WSMsgType.CLOSE:
        return closeOf(payload);
      case WSMsgType.TEXT:
      case WSMsgType.BINARY:
        if (this.#opcode !== 0) throw protocolError('The opcode in non-fin frame is expected to be zero');
        this.#opcode = opcode;
        break;
      case WSMsgType.CONTINUATION:
        if (this.#opcode === 0) throw protocolError('Continuation frame for non started message');
        break;
      default:
        throw protocolError(`Unexpected opcode=${opcode}`);
    }
    this.#parts.push(payload);
    this.#partsSize += payload.length;
    return fin ? this.#message() : null;
  }

  #message(): WSMessage {
    const [only] = this.#parts;
    const data = this.#parts.length === 1 ? (only as Buffer) : Buffer.concat(this.#parts);
    const isText = this.#opcode === WSMsgType.TEXT;
    this.#parts = [];
    this.#partsSize = 0;
    this.#opcode = 0;
    if (!isText) return { type: WSMsgType.BINARY, data, extra: null };
    return { type: WSMsgType.TEXT, data: textOf(data), extra: null };
  }
}

function closeOf(payload: Buffer): WSMessage {
  if (payload.length === 0) return { type: WSMsgType.CLOSE, data: WSCloseCode.NO_STATUS, extra: '' };
  if (payload.length === 1) throw protocolError('Invalid close frame: a code of one byte');
  const code = payload.readUInt16BE(0);
  const known =
    (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999);
  if (!known) throw protocolError(`Invalid close code: ${code}`);
  return { type: WSMsgType.CLOSE, data: code, extra: textOf(payload.subarray(2)) };
}

function textOf(data: Buffer): string {
  if (!isUtf8(data)) throw new WebSocketError(WSCloseCode.INVALID_TEXT, 'Invalid UTF-8 text message');
  return data.toString('utf8');
}

function protocolError(message: string): WebSocketError {
  return new WebSocketError(WSCloseCode.PROTOCOL_ERROR, message);
}
