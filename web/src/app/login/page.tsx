import { connection } from "next/server";
import { SignIn } from "../../components/sign-in.tsx";

export default async function Page() {
  await connection();
  return (
    <main id="main">
      <h1>Sign in</h1>
      <SignIn />
    </main>
  );
}
