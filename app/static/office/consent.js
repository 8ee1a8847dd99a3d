// Back from the provider: what it gave is kept without another click.
document.querySelector("[data-consent]")?.requestSubmit();
