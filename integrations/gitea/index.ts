export const meta = { id: "gitea", name: "Gitea and Forgejo", version: "1.0.0" };
