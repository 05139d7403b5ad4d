// Questions to the server, and the key they are asked with.

/** Why there is no answer: `code` is the server's name for it, or "unreachable". */
export class Problem extends Error {
  constructor(code, says, status = 0) {
    super(says);
    this.code = code;
    this.status = status;
  }
}

const KEPT = "ledger-key";
let key = sessionStorage.getItem(KEPT) ?? "";

export const hasKey = () => key !== "";

/** From now on this key. Throws a `Problem` if it can be none. */
export function useKey(text) {
  if (!/^[!-~]+$/.test(text)) throw new Problem("unauthorized", "That is no key: a key has no blanks, and ASCII characters only.");
  key = text;
  sessionStorage.setItem(KEPT, key);
}

export function forgetKey() {
  key = "";
  sessionStorage.removeItem(KEPT);
}

// Whole numbers that a JavaScript number cannot hold stay the digits that were sent, where the browser tells them.
const exact = (_, value, context) => {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  return context?.source ?? "about " + value;
};

const sentence = (text) => (/[.!?]$/.test(text) ? text : text + ".");

/** The answer to a question, as the server gave it; with a body it is a POST, which asks for no more than a GET does. Throws a `Problem`. */
export async function ask(path, body) {
  let response;
  let text;
  try {
    // The server answers that it cannot in time; that it does not answer at all, the page has to find out.
    const headers = { "X-Deadline-Ms": "10000" };
    if (key) headers.Authorization = "Bearer " + key;
    const options = { headers, cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(20000) };
    if (body !== undefined) {
      headers["Content-Type"] = "application/json";
      Object.assign(options, { method: "POST", body: JSON.stringify(body) });
    }
    response = await fetch(path, options);
    text = await response.text();
  } catch {
    throw new Problem("unreachable", "The server does not answer: is it running? This page goes on asking.");
  }
  let answer;
  try {
    answer = JSON.parse(text, exact);
  } catch {
    throw new Problem("unreachable", "What answers at this address is no ledger (status " + response.status + ").", response.status);
  }
  if (response.ok) return answer;
  const error = answer?.error ?? {};
  const says = error.says ?? "the server answers with status " + response.status;
  const told = sentence(says.charAt(0).toUpperCase() + says.slice(1)) + (error.do ? " What to do: " + sentence(error.do) : "");
  throw new Problem(error.code ?? "other", told, response.status);
}
