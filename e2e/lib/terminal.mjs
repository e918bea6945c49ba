// A terminal of a service hall, as those before it use it.

/** The terminal shows a code, the phone looks at it and is asked; it has agreed to nothing yet. Answers with the code. */
export async function askToSignIn(terminal, phone, title) {
  await terminal.getByRole("button", { name: /用手机登录|重新显示|Sign in with your phone/ }).click();
  const code = (await terminal.locator(".spelled strong").textContent()).replace(" ", "");
  await phone.goto(`/at-kiosk#${code}`);
  await phone.getByText("要在这台终端上登录吗？").waitFor();
  await phone.getByText(title).waitFor();
  return code;
}

/** The whole of it: afterwards somebody is signed in at the terminal. */
export async function signInAt(terminal, phone, title) {
  await askToSignIn(terminal, phone, title);
  await phone.getByRole("button", { name: "确认登录" }).click();
  await phone.getByText("已确认").waitFor();
  await terminal.getByRole("button", { name: /结束使用|Finish/ }).waitFor();
}
