"use client";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { write } from "../lib/api.ts";
import { signIn } from "../lib/session.ts";
import { Notice } from "./notice.tsx";

/** Signs in, or makes an account first. What was typed stays when it fails. */
export function SignIn() {
  const router = useRouter();
  const [isNew, setNew] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [key] = useState(() => crypto.randomUUID());

  async function submit(form: FormData): Promise<void> {
    const text = (name: string) => String(form.get(name) ?? "");
    const credentials = { email: text("email"), password: text("password") };
    setBusy(true);
    setError(undefined);
    try {
      if (isNew) await write("/api/v1/auth/register", { ...credentials, name: text("name") }, key);
      await signIn(credentials);
      router.push("/");
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <form
      className="tall"
      onSubmit={(event) => {
        event.preventDefault();
        submit(new FormData(event.currentTarget));
      }}
    >
      <label>
        <input type="checkbox" checked={isNew} onChange={(event) => setNew(event.target.checked)} /> I am new here
      </label>
      {isNew ? (
        <label>
          Name
          <input name="name" autoComplete="name" required maxLength={100} />
        </label>
      ) : null}
      <label>
        E-mail
        <input name="email" type="email" autoComplete="username" required maxLength={200} />
      </label>
      <label>
        Password
        <input name="password" type="password" autoComplete={isNew ? "new-password" : "current-password"} required />
      </label>
      <Notice error={error} />
      <button type="submit" disabled={busy}>
        {isNew ? "Make the account" : "Sign in"}
      </button>
    </form>
  );
}
