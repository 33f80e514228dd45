using System.IO.Compression;

namespace Polymath.Tests;

/// <summary>
/// What a user does first: install the tool, or add the library to a project of his own. The packages are made from the sources as they are, under a
/// version that nobody else uses, and unpacked into a folder of the test's own, so the user's package cache never sees them.
/// </summary>
public sealed class PackagingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _version = $"0.1.0-test.{DateTime.UtcNow.Ticks}";

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_tool_installs_from_a_folder_and_runs()
    {
        await Pack("src/Polymath.Cli");
        using (var package = ZipFile.OpenRead(Package("Polymath.Cli")))
        {
            string[] native = [.. package.Entries.Select(e => e.FullName).Where(name => name.Contains("torch_cpu"))];
            Assert.Equal(["tools/net10.0/linux-x64/libtorch_cpu.so"], native);
            Assert.NotNull(package.GetEntry("README.md"));
        }
        await DotnetCommand.Dotnet(_folder.Path, "tool", "install", "Polymath.Cli", "--version", _version, "--tool-path", _folder["tool"], "--add-source", _folder["feed"]);
        var said = await DotnetCommand.Run(_folder["tool/polymath"], _folder.Path, "--version");
        Assert.StartsWith(_version, said);
    }

    [Fact]
    public async Task A_new_project_builds_against_the_packages_and_runs()
    {
        await Pack("src/Polymath");
        await Pack("src/Polymath.Extensions.AI");
        TinyModel.Write(_folder["model"]);
        Directory.CreateDirectory(_folder["app"]);
        File.WriteAllText(_folder["app/nuget.config"], $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="{_folder["unpacked"]}" /></config>
              <fallbackPackageFolders><add key="user" value="{UserPackages()}" /></fallbackPackageFolders>
              <packageSources><add key="local" value="{_folder["feed"]}" /></packageSources>
            </configuration>
            """);
        File.WriteAllText(_folder["app/app.csproj"], $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <CreateHardLinksForCopyLocalIfPossible>true</CreateHardLinksForCopyLocalIfPossible>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Polymath" Version="{_version}" />
                <PackageReference Include="Polymath.Extensions.AI" Version="{_version}" />
                <PackageReference Include="libtorch-cpu-linux-x64" Version="2.10.0" />
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(_folder["app/Program.cs"], """
            using Polymath;
            using Polymath.Extensions.AI;

            using var backbone = Backbone.Load(args[0]);
            using var generator = backbone.AsEmbeddingGenerator();
            Console.WriteLine($"{backbone.Embed(["hello world"])[0].Length} {(await generator.GenerateAsync(["hello world"]))[0].Vector.Length}");
            """);
        await DotnetCommand.Dotnet(_folder["app"], "build", "-c", "Release", "-warnaserror");
        var said = await DotnetCommand.Dotnet(_folder["app"], "bin/Release/net10.0/app.dll", _folder["model"]);
        Assert.Equal($"{TinyModel.Width} {TinyModel.Width}", said.Trim());
    }

    private string Package(string id) => _folder[$"feed/{id}.{_version}.nupkg"];

    /// <summary>Packs with a build folder of the test's own: the one beside the sources may be the one this test runs from.</summary>
    private Task Pack(string project) => DotnetCommand.Dotnet(PublicApiTests.Repository(), "pack", project, "-c", "Release", "-o", _folder["feed"],
        $"-p:Version={_version}", $"-p:ArtifactsPath={_folder["build"]}");

    /// <summary>Where packages are unpacked for the user; read only, so that what a build has restored once is not fetched again.</summary>
    private static string UserPackages() => Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
}
