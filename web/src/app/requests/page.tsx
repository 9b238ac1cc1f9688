import { connection } from "next/server";
import { OwnRequests } from "../../components/own-requests.tsx";
import { Private } from "../../components/private.tsx";

export const metadata = { title: "Requests – Media requests" };

export default async function Page() {
  await connection();
  return (
    <main id="main">
      <h1>Requests</h1>
      <Private to="follow what you requested">
        <OwnRequests />
      </Private>
    </main>
  );
}
