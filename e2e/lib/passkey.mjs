// A phone's lock in Chromium: its virtual authenticator, as WebDriver has it (WebAuthn Level 3 §11).

/** Gives the page's browser a phone with a lock that its owner opens. */
export async function phoneLock(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options });
  return {
    keys: async () => (await cdp.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
    lock: (isUserVerified) => cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified }),
    forget: () => cdp.send("WebAuthn.clearCredentials", { authenticatorId }),
  };
}
