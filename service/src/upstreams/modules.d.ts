/** The used part of a library that brings no types. */
declare module "nodemailer" {
  export interface Mail {
    from: string;
    to: string;
    subject: string;
    text: string;
  }
  export interface Transport {
    sendMail(mail: Mail): Promise<unknown>;
    close(): void;
  }
  export function createTransport(options: {
    url: string;
    connectionTimeout: number;
    greetingTimeout: number;
    socketTimeout: number;
  }): Transport;
}
