// The body of a HAR's request, from its text or put together from its parameters.
import { type JsonObject, listAt, objectAt, textAt } from '../fields/json-values.js';
import { decodeBase64, ownBytes } from '../fields/records.js';

/** A request's body and its type. */
export interface HarBody {
  readonly bytes: Uint8Array;
  /** What goes into Content-Type where the headers have none; '' where that is not known. */
  readonly type: string;
}

/**
 * Reads `postData`. Text wins over parameters, which only repeat it; files of a multipart form, whose contents are
 * not in a HAR, are sent empty.
 * @returns undefined for no body
 */
export function readHarBody(postData: unknown, contentType: string | undefined): HarBody | undefined {
  const data = objectAt(postData);
  const type = contentType ?? textAt(data.mimeType) ?? '';
  const text = textAt(data.text) ?? '';
  const bytes = text === '' ? fromParams(listAt(data.params).map(objectAt), type) : fromText(text, data);
  return bytes === undefined || bytes.length === 0 ? undefined : { bytes, type };
}

function fromText(text: string, data: JsonObject): Uint8Array {
  const decoded = data.encoding === 'base64' ? decodeBase64(text) : undefined;
  return decoded ?? ownBytes(Buffer.from(text, 'utf8'));
}

function fromParams(params: readonly JsonObject[], type: string): Uint8Array | undefined {
  if (params.length === 0) return undefined;
  const boundary = /^multipart\/[^;]*;.*\bboundary="?([\w'()+,./:=?-]{1,70})/i.exec(
    type.slice(0, 1_024),
  )?.[1];
  if (boundary === undefined) {
    const form = new URLSearchParams();
    for (const param of params) form.append(nameOf(param), textAt(param.value) ?? '');
    return ownBytes(Buffer.from(form.toString(), 'latin1'));
  }
  const parts = params.map((param) => {
    const file = textAt(param.fileName);
    const more = file === undefined ? '' : `; filename="${quoted(file)}"`;
    const partType = textAt(param.contentType);
    const typeLine = partType === undefined ? '' : `Content-Type: ${oneLine(partType)}\r\n`;
    const head = `Content-Disposition: form-data; name="${quoted(nameOf(param))}"${more}\r\n${typeLine}`;
    return `--${boundary}\r\n${head}\r\n${textAt(param.value) ?? ''}\r\n`;
  });
  return ownBytes(Buffer.from(`${parts.join('')}--${boundary}--\r\n`, 'utf8'));
}

function nameOf(param: JsonObject): string {
  return textAt(param.name) ?? '';
}

/** As browsers write names in multipart forms. */
function quoted(text: string): string {
  return oneLine(text).replaceAll('"', '%22');
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]/g, ' ');
}
