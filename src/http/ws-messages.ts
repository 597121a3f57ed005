/**
 * What is received on a WebSocket. Source: aiohttp docs, "Client Reference", `WSMsgType`, `WSMessage`; RFC 6455, sections 7.4 and 11.8.
 */

/** The types of messages: those of the protocol, and what tells of the end. */
export const WSMsgType = {
  CONTINUATION: 0x0,
  TEXT: 0x1,
  BINARY: 0x2,
  CLOSE: 0x8,
  PING: 0x9,
  PONG: 0xa,
  /** The WebSocket is being closed by this side. */
  CLOSING: 0x100,
  /** It is closed. */
  CLOSED: 0x101,
  /** It failed; `data` is the error. */
  ERROR: 0x102,
} as const;

/** Why a WebSocket is closed. */
export const WSCloseCode = {
  OK: 1000,
  GOING_AWAY: 1001,
  PROTOCOL_ERROR: 1002,
  UNSUPPORTED_DATA: 1003,
  /** The other side gave none. */
  NO_STATUS: 1005,
  ABNORMAL_CLOSURE: 1006,
  INVALID_TEXT: 1007,
  POLICY_VIOLATION: 1008,
  MESSAGE_TOO_BIG: 1009,
  MANDATORY_EXTENSION: 1010,
  INTERNAL_ERROR: 1011,
  SERVICE_RESTART: 1012,
  TRY_AGAIN_LATER: 1013,
  BAD_GATEWAY: 1014,
} as const;

interface Of<T extends number, D> {
  readonly type: T;
  readonly data: D;
  /** Of a close: the reason, as text. */
  readonly extra: string | null;
}

/** A message; its `type` tells what its `data` is. */
export type WSMessage =
  | Of<typeof WSMsgType.TEXT, string>
  | Of<typeof WSMsgType.BINARY | typeof WSMsgType.PING | typeof WSMsgType.PONG, Uint8Array>
  | Of<typeof WSMsgType.CLOSE, number>
  | Of<typeof WSMsgType.CLOSING | typeof WSMsgType.CLOSED, null>
  | Of<typeof WSMsgType.ERROR, Error>;

/** The other side broke the rules of the protocol. */
export class WebSocketError extends Error {
  /** What it is told as the reason of the close. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }

  override get name(): string {
    return 'WebSocketError';
  }
}
