import { connection } from "next/server";
import { AdminQueue } from "../../components/admin-queue.tsx";
import { Private } from "../../components/private.tsx";

export const metadata = { title: "Administration – Media requests" };

export default async function Page() {
  await connection();
  return (
    <main id="main">
      <h1>Administration</h1>
      <Private to="decide on requests">
        <AdminQueue />
      </Private>
    </main>
  );
}
