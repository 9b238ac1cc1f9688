"use client";
import { useRouter } from "next/navigation";
import { useRef, useState } from "react";
import { write } from "../lib/api.ts";
import { signIn } from "../lib/session.ts";
import { Notice } from "./notice.tsx";

/** Signs in, or makes an account first. What was typed stays when it fails. */
export function SignIn() {
  const router = useRouter();
  const [isNew, setNew] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  // The same account again is the same call; a changed one is another.
  const sent = useRef({ text: "", key: "" });

  async function submit(form: FormData): Promise<void> {
    const text = (name: string) => String(form.get(name) ?? "");
    const credentials = { email: text("email"), password: text("password") };
    setBusy(true);
    setError(undefined);
    try {
      if (isNew) await register({ ...credentials, name: text("name") });
      await signIn(credentials);
      router.push("/");
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }

  async function register(account: { email: string; password: string; name: string }): Promise<void> {
    const body = JSON.stringify(account);
    if (sent.current.text !== body) sent.current = { text: body, key: crypto.randomUUID() };
    await write("/api/v1/auth/register", account, sent.current.key);
  }

  return (
    <form
      className="tall"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(new FormData(event.currentTarget));
      }}
    >
      <label>
        <input type="checkbox" checked={isNew} onChange={(event) => setNew(event.target.checked)} /> I am new here
      </label>
      {isNew ? (
        <label>
          Name
          <input name="name" autoComplete="name" required maxLength={80} />
        </label>
      ) : null}
      <label>
        E-mail
        <input name="email" type="email" autoComplete="username" required maxLength={200} />
      </label>
      <label>
        Password
        <input
          name="password"
          type="password"
          autoComplete={isNew ? "new-password" : "current-password"}
          minLength={isNew ? 10 : 1}
          maxLength={200}
          required
        />
      </label>
      <Notice error={error} />
      <button type="submit" disabled={busy}>
        {isNew ? "Make the account" : "Sign in"}
      </button>
    </form>
  );
}
