import { connection } from "next/server";
import { ServiceList } from "../../components/lists.tsx";
import { Private } from "../../components/private.tsx";

export const metadata = { title: "Services of others – Media requests" };

export default async function Page() {
  await connection();
  return (
    <main id="main">
      <h1>Services of others</h1>
      <Private to="see how they are">
        <ServiceList />
      </Private>
    </main>
  );
}
