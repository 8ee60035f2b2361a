export const meta = { id: "gitlab", name: "GitLab", version: "1.0.0" };
